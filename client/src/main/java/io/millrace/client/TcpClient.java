package io.millrace.client;

import io.millrace.client.internal.Endpoint;
import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.SharedSession;
import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.PartHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.TypedHandler;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.Sockets;
import io.millrace.core.internal.TypedMessages;
import io.millrace.core.observe.Beans;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP client of one endpoint.
 *
 * <p>It either asks or converses. Built without {@link Builder#onMessage}, every message from the peer is the reply to
 * a {@link #request} or {@link #call}. Built with it, {@link #connect()} opens sessions whose messages go there. With
 * {@link Protocol#millrace()}, which tells replies from messages, it does both.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made by {@link Builder#build()}; connects when it is first needed; ended for good by
 * {@link #close()}.
 *
 * <p>Errors: failures are {@link TransportException}s, in futures or thrown by the blocking {@link #call}.
 */
public final class TcpClient implements AutoCloseable {
    /** The default time for looking a name up and connecting: 10 s. */
    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** The default time that {@link #close()} gives sessions to send what is queued: 5 s. */
    public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(TcpClient.class);
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "the client is closing");
    private static final long TIMER_GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final IoGroup group;
    private final boolean ownsGroup;
    private final IoRuntime runtime;
    private final Endpoint endpoint;
    private final SessionSetup setup;
    /** Never encodes: it refuses payloads before there is a session that could. */
    private final FrameEncoder payloadCheck;

    private final long drainNanos;
    private final SessionOpener opener;
    private final SharedSession shared;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);
    // Written once, when the bean is shown; what closes meanwhile is noticed by whoever is later.
    private volatile Beans.Registration bean = Beans.none();

    private TcpClient(Builder builder, IoGroup group, SessionSetup setup, Endpoint endpoint) {
        this.group = group;
        this.ownsGroup = builder.group == null;
        this.runtime = GroupAccess.runtimeOf(group);
        this.endpoint = endpoint;
        this.setup = setup;
        this.payloadCheck = setup.protocol().newEncoder(Side.CLIENT);
        this.drainNanos = Ranges.positiveNanos("drainTimeout", builder.drainTimeout);
        this.opener = new SessionOpener(
                runtime, setup, endpoint, Ranges.positiveNanos("connectTimeout", builder.connectTimeout));
        this.shared = new SharedSession(runtime, opener::open, setup.config().sendLimit());
    }

    /** {@return a new builder with all defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens a connection of the caller's own.
     *
     * @return completes on an I/O thread, after {@code onOpen}, with the open session; or fails with a
     *     {@link TransportException}, such as {@link io.millrace.core.ConnectTimeoutException}
     */
    public CompletableFuture<Session> connect() {
        return opener.open();
    }

    /**
     * Sends a request on the client's shared connection, connecting first if there is none.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply or the failure, as {@link Session#request} answers them
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if this client was built with {@code onMessage}
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        requireAsking();
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        payloadCheck.check(payload);
        return shared.request(payload, timeoutNanos);
    }

    /**
     * Sends a request, as {@link #request(ByteBuffer, Duration)} does.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply or the failure, as {@link Session#request} answers them
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if this client was built with {@code onMessage}
     */
    public CompletableFuture<ByteBuffer> request(byte[] payload, Duration timeout) {
        return request(ByteBuffer.wrap(payload), timeout);
    }

    /**
     * Sends a request and waits for the reply.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply
     * @throws TransportException if there is no reply, with the reason
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if this client was built with {@code onMessage}, or on an I/O thread, which must
     *     not wait
     */
    public byte[] call(byte[] payload, Duration timeout) throws TransportException {
        if (IoRuntime.mustNotBlock()) {
            throw new IllegalStateException("call() would block an I/O thread, and the reply might need that very"
                    + " thread: use request() there, or call from another thread");
        }
        CompletableFuture<ByteBuffer> reply = request(payload, timeout);
        try {
            return reply.get(Ranges.positiveNanos("timeout", timeout) + TIMER_GRACE_NANOS, TimeUnit.NANOSECONDS)
                    .array();
        } catch (InterruptedException e) {
            reply.cancel(false);
            Thread.currentThread().interrupt();
            throw new TransportException("interrupted while waiting for " + endpoint, e);
        } catch (TimeoutException e) {
            reply.cancel(false);
            throw new RequestTimeoutException("no reply from " + endpoint + " within " + timeout);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TransportException failure
                    ? failure
                    : new TransportException("request to " + endpoint + " failed: " + e.getCause(), e.getCause());
        }
    }

    private void requireAsking() {
        if (setup.asks()) {
            return;
        }
        throw new IllegalStateException(
                setup.protocol().pairing() == Pairing.NONE
                        ? setup.protocol() + " has no frames, so a reply has no end: choose a protocol that has"
                        : "this client was built with onMessage or onRequest, so replies could not be told from what"
                                + " they take: build another one without onMessage, or use Protocol.millrace()");
    }

    /** {@return the group that this client works with} */
    public IoGroup group() {
        return group;
    }

    /** {@return a snapshot of the counters of this client} */
    public TcpClientStats stats() {
        return new TcpClientStats(opener.count(), opener.peak(), opener.opened(), opener.failures(), opener.totals());
    }

    String endpoint() {
        return endpoint.toString();
    }

    /** {@return how many sessions there are, those being opened or closed included} */
    public int sessionCount() {
        return opener.count();
    }

    /**
     * Fails what is being connected, closes all sessions in good order, and cuts those that have not ended after the
     * drain timeout. Waits for that; on an I/O thread it starts the close and returns. Never throws; closing again
     * waits for the first close.
     */
    @Override
    public void close() {
        if (closing.compareAndSet(false, true)) {
            runtime.runWhereWaitingIsAllowed(this::drainAndClose);
        } else if (!IoRuntime.mustNotBlock()) {
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void showBean() {
        bean = Beans.register("Client", endpoint(), new ClientBean(this));
        if (closing.get()) {
            bean.remove();
        }
    }

    private void drainAndClose() {
        int cut = opener.close(CLOSING, drainNanos);
        runtime.leave(this);
        bean.remove();
        if (ownsGroup) {
            group.close();
        }
        log.debug("client stopped; endpoint={} cut={}", endpoint, cut);
        closed.countDown();
    }

    @Override
    public String toString() {
        return "TcpClient[" + endpoint + ", " + setup.protocol() + "]";
    }

    /** Collects the settings of a client. Not thread-safe. */
    public static final class Builder {
        private @Nullable IoGroup group;
        private @Nullable Protocol protocol;
        private @Nullable Endpoint endpoint;
        private @Nullable MessageHandler onMessage;
        private @Nullable RequestHandler onRequest;
        private @Nullable PartHandler onPart;
        private @Nullable Executor executor;
        private @Nullable Consumer<Session> onOpen;
        private @Nullable BiConsumer<Session, CloseReason> onClose;
        private SessionConfig sessionConfig = SessionConfig.defaults();
        private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
        private Duration drainTimeout = DEFAULT_DRAIN_TIMEOUT;
        private boolean jmx = true;

        private Builder() {}

        /**
         * Sets how messages are framed. Required.
         *
         * @param newProtocol the protocol, the same as the server's
         * @return this
         */
        public Builder protocol(Protocol newProtocol) {
            this.protocol = Objects.requireNonNull(newProtocol, "newProtocol");
            return this;
        }

        /**
         * Sets where to connect to. Required.
         *
         * @param host a name, looked up anew for every connection, or an address
         * @param port from 1 to 65,535
         * @return this
         * @throws IllegalArgumentException if the port cannot be
         */
        public Builder endpoint(String host, int port) {
            this.endpoint = new Endpoint(Objects.requireNonNull(host, "host"), port);
            return this;
        }

        /**
         * Sets what to do with messages. Where the protocol does not tell messages from replies, this turns requests
         * off.
         *
         * @param newHandler called on I/O threads; must not block
         * @return this
         */
        public Builder onMessage(MessageHandler newHandler) {
            this.onMessage = Objects.requireNonNull(newHandler, "newHandler");
            return this;
        }

        /**
         * Sets what to do with messages that a codec decodes.
         *
         * @param codec what makes objects of payloads, such as {@link Codec#utf8()}
         * @param handler called on I/O threads with what the codec made; must not block
         * @param <M> what messages are to the application
         * @return this
         */
        public <M> Builder onMessage(Codec<M> codec, TypedHandler<? super M> handler) {
            return onMessage(new TypedMessages<>(codec, handler));
        }

        /**
         * Sets how to answer requests of the server's. Where the protocol does not tell requests from replies, this
         * turns the client's own requests off.
         *
         * @param newHandler called on I/O threads; must not block, but may answer later
         * @return this
         */
        public Builder onRequest(RequestHandler newHandler) {
            this.onRequest = Objects.requireNonNull(newHandler, "newHandler");
            return this;
        }

        /**
         * Sets what to do with messages that are taken in parts, as they arrive, instead of whole.
         *
         * @param handler called as {@code onMessage} is; the two exclude each other
         * @return this
         */
        public Builder onPart(PartHandler handler) {
            this.onPart = Objects.requireNonNull(handler, "handler");
            return this;
        }

        /**
         * Sets where handlers and listeners run, so that they may block: never two at a time for one session. A turn's
         * messages are handed over together; the session reads one buffer ahead and then waits. Replies to requests
         * still come on I/O threads.
         *
         * @param handlerExecutor a pool of threads, or one virtual thread per task on Java 21 and later; the I/O
         *     threads by default. It is not shut down here, and must outlive the sessions
         * @return this
         */
        public Builder handlers(Executor handlerExecutor) {
            this.executor = Objects.requireNonNull(handlerExecutor, "handlerExecutor");
            return this;
        }

        /**
         * Sets what to do when a session opens, before anything is read.
         *
         * @param listener called on I/O threads; must not block; a throw closes the session
         * @return this
         */
        public Builder onOpen(Consumer<Session> listener) {
            this.onOpen = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets what to do when a session has ended, after everything else.
         *
         * @param listener called on I/O threads; must not block
         * @return this
         */
        public Builder onClose(BiConsumer<Session, CloseReason> listener) {
            this.onClose = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets how sessions behave.
         *
         * @param config {@link SessionConfig#defaults()} by default
         * @return this
         */
        public Builder sessions(SessionConfig config) {
            this.sessionConfig = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Sets the group to work with. It is not closed with the client.
         *
         * @param sharedGroup the group; one of the client's own by default
         * @return this
         */
        public Builder group(IoGroup sharedGroup) {
            this.group = Objects.requireNonNull(sharedGroup, "sharedGroup");
            return this;
        }

        /**
         * Sets how long looking the name up and connecting may take, all addresses of the name together.
         *
         * @param timeout more than zero; {@link #DEFAULT_CONNECT_TIMEOUT} by default
         * @return this
         */
        public Builder connectTimeout(Duration timeout) {
            this.connectTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how long {@link TcpClient#close()} lets sessions send what is queued.
         *
         * @param timeout more than zero; {@link #DEFAULT_DRAIN_TIMEOUT} by default
         * @return this
         */
        public Builder drainTimeout(Duration timeout) {
            this.drainTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets whether JMX shows the client, as {@link TcpClientMXBean}.
         *
         * @param show true by default
         * @return this
         */
        public Builder jmx(boolean show) {
            this.jmx = show;
            return this;
        }

        /**
         * Sets what is in a section of a settings file: {@code endpoint} as {@code host:port}, {@code connectTimeout},
         * {@code drainTimeout}, {@code jmx}, and how sessions behave in its section {@code sessions}.
         *
         * @param settings the section
         * @return this
         * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.text("endpoint", text -> this.endpoint = Endpoint.parse(text));
                in.duration("connectTimeout", this::connectTimeout);
                in.duration("drainTimeout", this::drainTimeout);
                in.flag("jmx", this::jmx);
                in.section(
                        "sessions",
                        section -> sessions(
                                sessionConfig.toBuilder().settings(section).build()));
            });
            return this;
        }

        /**
         * Checks the settings. Nothing is connected yet.
         *
         * @return the client
         * @throws IllegalStateException naming a required setting that is missing
         * @throws IllegalArgumentException naming the first setting that cannot be
         * @throws TransportException if the system refuses a group of the client's own, or a channel to try options on
         * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
         */
        public TcpClient build() throws TransportException {
            SessionSetup setup = new SessionSetup(
                    Side.CLIENT,
                    Ranges.requireSet("protocol", protocol),
                    sessionConfig,
                    onOpen,
                    onMessage,
                    onRequest,
                    onPart,
                    onClose,
                    executor);
            Endpoint checkedEndpoint = Ranges.requireSet("endpoint", endpoint);
            Ranges.positiveNanos("connectTimeout", connectTimeout);
            Ranges.positiveNanos("drainTimeout", drainTimeout);
            IoGroup used = group != null ? group : IoGroup.start();
            try {
                Sockets.check(GroupAccess.runtimeOf(used), sessionConfig.socket());
                TcpClient client = new TcpClient(this, used, setup, checkedEndpoint);
                client.runtime.join(client);
                if (jmx) {
                    client.showBean();
                }
                return client;
            } catch (TransportException | RuntimeException e) {
                if (group == null) {
                    used.close();
                }
                throw e;
            }
        }
    }
}
