package io.millrace.core.internal;

import io.millrace.core.AttributeKey;
import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.RoundTrip;
import io.millrace.core.Session;
import io.millrace.core.SessionStats;
import io.millrace.core.WireProtocol;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Lifecycle.Phase;
import io.millrace.core.internal.receive.ReceiveLoop;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One connection, as applications and the server or client that made it see it. */
public final class TcpSession extends SessionRequests implements SessionExchanges.Listener, RelayTarget {
    private static final AtomicLong lastId = new AtomicLong();

    private final long id = lastId.incrementAndGet();
    private final InetSocketAddress remoteAddress;
    private final InetSocketAddress localAddress;
    private final SessionOwner owner;
    private final SessionLoop loop;

    // Written and read by anyone.
    private volatile @Nullable Object attachment;

    // Guarded by this. Made when they are first needed, for most sessions never need them.
    private @Nullable Map<AttributeKey<?>, Object> attributes;
    private @Nullable CompletableFuture<CloseReason> closed;
    private boolean over;

    /**
     * Prepares a session on a connected channel. Nothing happens until {@link #start()}.
     *
     * @param runtime the group
     * @param channel the channel; from now on the session's, unless this throws
     * @param setup what the session has in common with others
     * @param owner whom to report to
     * @throws IOException if the group has not enough memory or contexts, or the channel is already broken
     */
    public TcpSession(IoRuntime runtime, AsynchronousSocketChannel channel, SessionSetup setup, SessionOwner owner)
            throws IOException {
        this(runtime, Connection.of(channel), setup, owner);
    }

    /**
     * Prepares a session on a connection that something is known of already. Nothing happens until {@link #start()}.
     *
     * @param runtime the group
     * @param connection the connection; its channel is from now on the session's, unless this throws
     * @param setup what the session has in common with others
     * @param owner whom to report to
     * @throws IOException if the group has not enough memory or contexts, or the channel is already broken
     */
    @SuppressWarnings("this-escape")
    public TcpSession(IoRuntime runtime, Connection connection, SessionSetup setup, SessionOwner owner)
            throws IOException {
        super(runtime);
        AsynchronousSocketChannel channel = connection.channel();
        Sockets.apply(setup.config().socket(), channel);
        this.remoteAddress = connection.remoteAddress();
        this.localAddress = (InetSocketAddress) channel.getLocalAddress();
        this.owner = owner;
        this.loop = new SessionLoop(runtime, channel, setup, this, this);
        ByteBuffer firstBytes = connection.firstBytes();
        if (firstBytes != null) {
            loop.receiveLoop().prefill(firstBytes);
        }
    }

    /**
     * Returns whether the peer has said that it takes no more requests.
     *
     * @return true once its drain notice has come
     */
    public boolean isPeerDraining() {
        return loop.isPeerDraining();
    }

    /**
     * Returns what the session speaks now.
     *
     * @return the protocol, as the caller last saw it changed
     */
    public Protocol protocol() {
        return loop.setup().protocol();
    }

    /**
     * Returns whether requests can be made here, so that what the peer sends may be taken for their replies.
     *
     * @return true if they can, as the caller last saw it changed
     */
    public boolean asks() {
        return loop.setup().asks();
    }

    @Override
    SessionLoop loop() {
        return loop;
    }

    private SendLoop sendLoop() {
        return loop.sendLoop();
    }

    private Lifecycle lifecycle() {
        return loop.lifecycle();
    }

    @Override
    public void opened() {
        owner.sessionOpened(this);
    }

    @Override
    public void draining() {
        owner.sessionDraining(this);
    }

    @Override
    public void requestsOverdue(int inARow) {
        owner.requestsOverdue(this, inARow);
    }

    @Override
    public void ended() {
        CompletableFuture<CloseReason> waited;
        synchronized (this) {
            over = true;
            waited = closed;
        }
        if (waited != null) {
            waited.complete(lifecycle().reasonOr("closed"));
        }
        owner.sessionEnded(this);
    }

    @Override
    public synchronized CompletableFuture<CloseReason> closed() {
        CompletableFuture<CloseReason> future = closed;
        if (future == null) {
            future = new CompletableFuture<>();
            closed = future;
            if (over) {
                future.complete(lifecycle().reasonOr("closed"));
            }
        }
        // A copy, for whoever completes it themselves must not tell the others.
        return future.copy();
    }

    /** Opens the session: tells the application, then reads. Called once. */
    public void start() {
        loop.start();
    }

    /**
     * Returns who made this session.
     *
     * @return the owner
     */
    public SessionOwner owner() {
        return owner;
    }

    /**
     * Finishes what is in flight, as {@link #drain()} does, for a reason of the owner's.
     *
     * @param reason why
     */
    public void drain(CloseReason reason) {
        loop.drain(reason);
    }

    /**
     * Closes in good order, as {@link #close()} does, for a reason of the owner's.
     *
     * @param reason why
     */
    public void close(CloseReason reason) {
        loop.close(reason);
    }

    /**
     * Closes now, as {@link #abort()} does, for a reason of the owner's.
     *
     * @param reason why
     */
    public void abort(CloseReason reason) {
        loop.abort(reason);
    }

    /**
     * Returns whether the connection is there, if only to be closed in good order.
     *
     * @return false once the channel has been closed
     */
    public boolean isConnected() {
        Phase phase = lifecycle().phase();
        return phase != Phase.CLOSED && phase != Phase.ENDED;
    }

    /**
     * Returns whether the caller is one of this session's own callbacks.
     *
     * @return true on the thread that runs it
     */
    public boolean isInCallback() {
        return loop.isInCallback();
    }

    /**
     * Returns the thread that this session's callbacks hold just now, as far as another thread can tell.
     *
     * @return the thread, or null if it is not known to be in a callback
     */
    public @Nullable Thread callbackThread() {
        return loop.callbackThread();
    }

    @Override
    public void drain() {
        drain(CloseReasons.local("drain() was called"));
    }

    @Override
    public void close() {
        close(CloseReasons.local("close() was called"));
    }

    @Override
    public void abort() {
        abort(CloseReasons.local("abort() was called"));
    }

    @Override
    public void pauseReading() {
        loop.pauses().pause(true);
    }

    @Override
    public void resumeReading() {
        loop.pauses().pause(false);
    }

    @Override
    public void pauseReadingUntilWritable(Session target) {
        if (!(Objects.requireNonNull(target, "target") instanceof RelayTarget relayTarget)) {
            throw new IllegalArgumentException(
                    "target is " + target + "; it must be a session that a server or client has made");
        }
        loop.pauses().await(relayTarget.connection().loop.pauses());
    }

    /** Reads on, whoever has paused it and for whatever: it gets a new user. */
    public void endPauses() {
        loop.pauses().clear();
    }

    @Override
    public TcpSession connection() {
        return this;
    }

    @Override
    public void shutdownOutput() {
        sendLoop().finish();
        loop.askNoMore();
    }

    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        if (!loop.tryExecute(task)) {
            throw new RejectedExecutionException(
                    loop.isOver()
                            ? "the session has ended; " + this
                            : TaskQueue.LIMIT + " tasks wait for this session already; " + this);
        }
    }

    @Override
    public void upgrade(WireProtocol protocol, MessageHandler handler) {
        Objects.requireNonNull(handler, "handler");
        if (!(Objects.requireNonNull(protocol, "protocol") instanceof Protocol next)) {
            throw new IllegalArgumentException("protocol is " + protocol + "; it must be a Protocol");
        }
        loop.upgrade(next, handler);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public boolean isOpen() {
        return lifecycle().isOpen();
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return lifecycle().reason();
    }

    @Override
    public long queuedBytes() {
        return sendLoop().queuedBytes();
    }

    @Override
    public @Nullable RoundTrip roundTrip() {
        return loop.roundTrip();
    }

    @Override
    public int missedHeartbeats() {
        return loop.missedHeartbeats();
    }

    @Override
    public SessionStats stats() {
        ReceiveLoop receive = loop.receiveLoop();
        return new SessionStats(
                receive.receivedBytes(),
                receive.receivedMessages(),
                sendLoop().writtenBytes(),
                sendLoop().acceptedMessages(),
                lateReplies());
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        attachment = newAttachment;
    }

    @Override
    public synchronized <T> @Nullable T attribute(AttributeKey<T> key) {
        return attributes == null ? null : key.type().cast(attributes.get(key));
    }

    @Override
    public synchronized <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        if (attributes == null) {
            attributes = new HashMap<>();
        }
        if (value == null) {
            attributes.remove(key);
        } else {
            attributes.put(key, key.type().cast(value));
        }
    }

    @Override
    public String toString() {
        return "session=" + id + " remote=" + remoteAddress;
    }
}
