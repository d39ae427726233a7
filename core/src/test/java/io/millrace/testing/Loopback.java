package io.millrace.testing;

import io.millrace.core.ErrorEncoder;
import io.millrace.core.IoGroup;
import io.millrace.core.IoGroupStats;
import io.millrace.core.MessageHandler;
import io.millrace.core.PartHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionHandlers;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.internal.answer.RequestMeter;
import io.millrace.core.internal.answer.ServedRequests;
import io.millrace.core.memory.LeaseTracker;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A group with live sessions on loopback, each with a {@link RawPeer} at its other end.
 *
 * <p>Closing it checks what every test must leave behind: each session opened once and closed once and last, no
 * callback overlapped, no buffer or context is leased (its acquirer is named), no thread of the group lives, and nothing was logged at WARN or
 * above, unless {@link #log()} was cleared of it.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: started by {@link Builder#start()}, ended by {@link #close()}, which aborts what is still open.
 */
public final class Loopback implements AutoCloseable {
    /** A handler that sends every message back. */
    public static final MessageHandler ECHO = (session, message) -> session.send(message);

    private static final Duration TIMEOUT = Duration.ofSeconds(Recording.TIMEOUT_SECONDS);
    private static final AtomicInteger made = new AtomicInteger();

    /**
     * A session and the peer at its other end.
     *
     * @param session the session
     * @param peer its peer
     * @param recording what the session tells its handler
     */
    public record Link(TcpSession session, RawPeer peer, Recording recording) {}

    private final String name = "loopback-" + made.incrementAndGet();
    private final CapturedLog log = new CapturedLog();
    private final Builder settings;
    private final IoGroup group;
    private final IoRuntime runtime;
    private final AsynchronousServerSocketChannel listener;
    private final InetSocketAddress address;
    private final RecordingHandler handler;
    private final List<RawPeer> peers = new CopyOnWriteArrayList<>();
    private final Set<TcpSession> live = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private @Nullable ServedRequests served;

    private Loopback(Builder settings) throws IOException {
        this.settings = settings;
        this.handler = new RecordingHandler(settings.handler);
        IoGroup.Builder builder = IoGroup.builder()
                .name(name)
                .threads(settings.threads)
                .bufferMemory(settings.bufferMemory)
                .maxSessions(settings.maxSessions)
                .trackBuffers(true)
                .blockedThreadTimeout(settings.blockedThreadTimeout)
                .logContext(settings.logContext);
        ManualClock clock = settings.clock;
        if (clock != null) {
            GroupAccess.setClock(builder, clock);
        }
        this.group = builder.start();
        this.runtime = GroupAccess.runtimeOf(group);
        if (clock != null) {
            clock.drives(runtime.deadlines());
        }
        this.listener = runtime.openServerChannel().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.address = (InetSocketAddress) listener.getLocalAddress();
    }

    /**
     * Returns a builder: two I/O threads, 64 MiB of buffers, int32 prefixes, default configuration, an accepting
     * side that echoes.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts a group with all defaults and a handler.
     *
     * @param handler what the sessions call
     * @return the running group
     * @throws IOException if the system refuses
     */
    public static Loopback of(MessageHandler handler) throws IOException {
        return builder().handler(handler).start();
    }

    /**
     * Opens a session, started already.
     *
     * @return the session and its peer
     * @throws IOException if the session cannot be made, such as for lack of memory
     */
    public Link open() throws IOException {
        return open(settings.side, settings.asking, handler);
    }

    /**
     * Opens a session that echoes, whatever the others do: if it works after a fault, the fault has not spread.
     *
     * @return the session and its peer
     * @throws IOException if the session cannot be made
     */
    public Link openBystander() throws IOException {
        return open(Side.SERVER, false, new RecordingHandler(ECHO));
    }

    private synchronized Link open(Side side, boolean asking, RecordingHandler sessionHandler) throws IOException {
        RawPeer peer = RawPeer.connect(address, settings.peerReceiveBuffer);
        peers.add(peer);
        AsynchronousSocketChannel channel = settings.channel.apply(accept());
        try {
            if (settings.sendBuffer > 0) {
                channel.setOption(StandardSocketOptions.SO_SNDBUF, settings.sendBuffer);
            }
            SessionSetup setup = setup(side, asking, sessionHandler);
            TcpSession session = new TcpSession(runtime, channel, setup, new Ends());
            live.add(session);
            session.start();
            return new Link(session, peer, sessionHandler.of(session));
        } catch (IOException | RuntimeException | Error e) {
            try {
                channel.close();
            } catch (IOException alsoBroken) {
                e.addSuppressed(alsoBroken);
            }
            throw e;
        }
    }

    private SessionSetup setup(Side side, boolean asking, RecordingHandler sessionHandler) {
        SessionHandlers handlers = handlers(asking, sessionHandler);
        SessionSetup alone =
                new SessionSetup(side, settings.protocol, settings.config, handlers, settings.requestsInAll);
        if (alone.served() == null) {
            return alone;
        }
        synchronized (this) {
            served = served == null ? alone.served() : served;
            return new SessionSetup(side, settings.protocol, settings.config, handlers, served);
        }
    }

    private SessionHandlers handlers(boolean asking, RecordingHandler recorder) {
        boolean isBystander = recorder != handler;
        RequestHandler answering = isBystander ? null : settings.answering;
        PartHandler parts = isBystander || asking ? null : settings.parts;
        boolean whole = !asking && parts == null && (answering == null || settings.takingMessages);
        // without a taker for whole messages the recording hears of open and close by themselves
        return new SessionHandlers(
                whole ? null : recorder::opened,
                whole ? recorder : null,
                answering,
                parts,
                whole ? null : recorder::onClose,
                settings.errorEncoder,
                settings.executor);
    }

    private AsynchronousSocketChannel accept() throws IOException {
        try {
            return listener.accept().get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("accept failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("accept was interrupted", e);
        }
    }

    /**
     * Returns the runtime of the group.
     *
     * @return the runtime
     */
    public IoRuntime runtime() {
        return runtime;
    }

    /**
     * Returns the counters of the group.
     *
     * @return a snapshot
     */
    public IoGroupStats stats() {
        return group.stats();
    }

    /**
     * Returns what has become of the requests of all peers that there were.
     *
     * @return the counters
     */
    public synchronized RequestMeter served() {
        return Objects.requireNonNull(served, "no session takes requests").meter();
    }

    /**
     * Returns what was logged at WARN or above.
     *
     * @return the log; clear it of what a test expects
     */
    public CapturedLog log() {
        return log;
    }

    /**
     * Lists the I/O threads that are alive.
     *
     * @return their names
     */
    public List<String> ioThreads() {
        return Oracle.liveThreads(name + "-io-");
    }

    /** Waits until every session has ended and given everything back. */
    public void awaitEnded() {
        try {
            synchronized (live) {
                long endNanos = System.nanoTime() + TIMEOUT.toNanos();
                while (!live.isEmpty()) {
                    long leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
                    if (leftMillis <= 0) {
                        throw new AssertionError("sessions have not ended: " + live);
                    }
                    live.wait(leftMillis);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Ends what is open and checks what must be left behind. */
    @Override
    public void close() throws IOException, InterruptedException {
        try {
            live.forEach(TcpSession::abort);
            awaitEnded();
            expectNothingLeased();
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
            listener.close();
            group.close();
            log.close();
        }
        Oracle.awaitNoThreads(name, TIMEOUT);
        handler.all().forEach(Recording::verify);
        if (!log.lines().isEmpty()) {
            throw new AssertionError("nobody expected this in the log: " + log.lines());
        }
    }

    private void expectNothingLeased() {
        IoGroupStats stats = group.stats();
        if (stats.buffersLeased() != 0 || stats.contextsLeased() != 0) {
            LeaseTracker tracker = Objects.requireNonNull(runtime.buffers().tracker());
            throw new AssertionError("leased after the end: " + stats + " by " + tracker.leased());
        }
    }

    private final class Ends implements SessionOwner {
        @Override
        public void sessionOpened(TcpSession session) {
            settings.observer.sessionOpened(session);
        }

        @Override
        public void sessionDraining(TcpSession session) {
            settings.observer.sessionDraining(session);
        }

        @Override
        public void requestsOverdue(TcpSession session, int inARow) {
            settings.observer.requestsOverdue(session, inARow);
        }

        @Override
        public void sessionEnded(TcpSession session) {
            settings.observer.sessionEnded(session);
            synchronized (live) {
                live.remove(session);
                live.notifyAll();
            }
        }
    }

    /** Collects the settings. Not thread-safe. */
    public static final class Builder {
        private int threads = 2;
        private long bufferMemory = 64 << 20;
        private int maxSessions = 10_000;
        private Duration blockedThreadTimeout = TIMEOUT;
        private boolean logContext;
        private int peerReceiveBuffer;
        private int sendBuffer;
        private Protocol protocol = Protocol.lengthPrefixed();
        private SessionConfig config = SessionConfig.defaults();
        private Side side = Side.SERVER;
        private boolean asking;
        private boolean takingMessages;
        private @Nullable RequestHandler answering;
        private @Nullable PartHandler parts;
        private @Nullable ErrorEncoder errorEncoder;
        private int requestsInAll;
        private @Nullable Executor executor;
        private SessionOwner observer = new SessionOwner() {
            @Override
            public void sessionOpened(TcpSession session) {}

            @Override
            public void sessionEnded(TcpSession session) {}
        };
        private @Nullable ManualClock clock;
        private MessageHandler handler = ECHO;
        private UnaryOperator<AsynchronousSocketChannel> channel = UnaryOperator.identity();

        private Builder() {}

        /**
         * Sets the number of I/O threads.
         *
         * @param count at least 1
         * @return this
         */
        public Builder threads(int count) {
            this.threads = count;
            return this;
        }

        /**
         * Sets the limit on direct memory.
         *
         * @param bytes at least 1 MiB
         * @return this
         */
        public Builder bufferMemory(long bytes) {
            this.bufferMemory = bytes;
            return this;
        }

        /**
         * Sets the limit on sessions.
         *
         * @param count at least 1
         * @return this
         */
        public Builder maxSessions(int count) {
            this.maxSessions = count;
            return this;
        }

        /**
         * Sets how long a callback may hold an I/O thread before that is logged.
         *
         * @param timeout from 0 (never); so long by default that a busy machine logs nothing
         * @return this
         */
        public Builder blockedThreadTimeout(Duration timeout) {
            this.blockedThreadTimeout = timeout;
            return this;
        }

        /**
         * Makes the sessions show themselves in the logging context of their callbacks.
         *
         * @return this
         */
        public Builder logContext() {
            this.logContext = true;
            return this;
        }

        /**
         * Makes the connection hold little, so that a peer that does not read is felt soon.
         *
         * @param bytes of each end's socket buffer; the system may use more
         * @return this
         */
        public Builder socketBuffers(int bytes) {
            this.peerReceiveBuffer = bytes;
            this.sendBuffer = bytes;
            return this;
        }

        /**
         * Sets how messages are framed.
         *
         * @param newProtocol the protocol
         * @return this
         */
        public Builder protocol(Protocol newProtocol) {
            this.protocol = newProtocol;
            return this;
        }

        /**
         * Sets how sessions behave.
         *
         * @param newConfig the configuration
         * @return this
         */
        public Builder config(SessionConfig newConfig) {
            this.config = newConfig;
            return this;
        }

        /**
         * Makes the sessions a client's, which never stop reading because of their own queue.
         *
         * @return this
         */
        public Builder client() {
            this.side = Side.CLIENT;
            return this;
        }

        /**
         * Makes the sessions a client's that asks: what comes in are replies, and the handler hears only of open and
         * close.
         *
         * @return this
         */
        public Builder asking() {
            this.asking = true;
            return client();
        }

        /**
         * Makes the sessions answer requests, and take no messages.
         *
         * @param newHandler what answers them
         * @return this
         */
        public Builder answering(RequestHandler newHandler) {
            this.answering = newHandler;
            return this;
        }

        /**
         * Makes the sessions answer requests and take messages, where the protocol tells them apart.
         *
         * @param newHandler what takes the messages
         * @param newRequestHandler what answers the requests
         * @return this
         */
        public Builder handlers(MessageHandler newHandler, RequestHandler newRequestHandler) {
            this.takingMessages = true;
            this.handler = newHandler;
            return answering(newRequestHandler);
        }

        /**
         * Makes the sessions take messages in parts.
         *
         * @param newParts what takes the parts
         * @return this
         */
        public Builder parts(PartHandler newParts) {
            this.parts = newParts;
            return this;
        }

        /** Sets how many requests may be in progress in all sessions together. */
        public Builder requestsInAll(int limit) {
            this.requestsInAll = limit;
            return this;
        }

        /** Sets how the server's sessions tell of errors where the protocol has no error replies. */
        public Builder errorEncoder(ErrorEncoder encoder) {
            this.errorEncoder = encoder;
            return this;
        }

        /**
         * Makes the callbacks run on an executor.
         *
         * @param newExecutor the executor; not shut down here
         * @return this
         */
        public Builder executor(Executor newExecutor) {
            this.executor = newExecutor;
            return this;
        }

        /**
         * Tells somebody else, too, what sessions tell their owner.
         *
         * @param newObserver who is told
         * @return this
         */
        public Builder observer(SessionOwner newObserver) {
            this.observer = newObserver;
            return this;
        }

        /**
         * Makes the deadlines go by a clock that a test moves.
         *
         * @param newClock the clock, of this group only
         * @return this
         */
        public Builder clock(ManualClock newClock) {
            this.clock = newClock;
            return this;
        }

        /**
         * Sets what the sessions call.
         *
         * @param newHandler the handler
         * @return this
         */
        public Builder handler(MessageHandler newHandler) {
            this.handler = newHandler;
            return this;
        }

        /**
         * Puts something between each session and its channel, such as a {@link ChunkingChannel} or a
         * {@link FaultyChannel}; bystanders included.
         *
         * @param wrapping makes the channel of the session of the channel that was accepted
         * @return this
         */
        public Builder channel(UnaryOperator<AsynchronousSocketChannel> wrapping) {
            this.channel = wrapping;
            return this;
        }

        /**
         * Starts the group.
         *
         * @return the running group
         * @throws IOException if the system refuses
         */
        public Loopback start() throws IOException {
            return new Loopback(this);
        }
    }
}
