package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ReplyHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionStats;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Pairing;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One connection, as applications and the server or client that made it see it. */
public final class TcpSession implements Session, SessionLoop.Listener {
    /** What the session reports to the server or client that made it. */
    public interface Owner {
        /**
         * Hears that the session has opened and the application has been told.
         *
         * @param session the session
         */
        void sessionOpened(TcpSession session);

        /**
         * Hears that the session has ended and given everything back.
         *
         * @param session the session
         */
        void sessionEnded(TcpSession session);
    }

    private static final AtomicLong lastId = new AtomicLong();

    private final long id = lastId.incrementAndGet();
    private final InetSocketAddress remoteAddress;
    private final InetSocketAddress localAddress;
    private final Owner owner;
    private final FrameKind requestKind;
    private final SessionLoop loop;
    private final SendLoop send;
    private final Lifecycle life;

    private volatile @Nullable Object attachment;

    /**
     * Prepares a session on a connected channel. Nothing happens until {@link #start()}.
     *
     * @param runtime the group
     * @param channel the channel; from now on the session's, unless this throws
     * @param setup what the session has in common with others
     * @param owner whom to report to
     * @throws IOException if the group has not enough memory or contexts, or the channel is already broken
     */
    @SuppressWarnings("this-escape")
    public TcpSession(IoRuntime runtime, AsynchronousSocketChannel channel, SessionSetup setup, Owner owner)
            throws IOException {
        Sockets.apply(setup.config().socket(), channel);
        this.remoteAddress = (InetSocketAddress) channel.getRemoteAddress();
        this.localAddress = (InetSocketAddress) channel.getLocalAddress();
        this.owner = owner;
        this.requestKind = setup.protocol().pairing() == Pairing.BY_TOKEN ? FrameKind.REQUEST : FrameKind.MESSAGE;
        this.loop = new SessionLoop(runtime, channel, setup, this, this);
        this.send = loop.sendLoop();
        this.life = loop.lifecycle();
    }

    /**
     * Returns whether the peer has said that it takes no more requests.
     *
     * @return true once its drain notice has come
     */
    public boolean isPeerDraining() {
        return loop.isPeerDraining();
    }

    @Override
    public void opened() {
        owner.sessionOpened(this);
    }

    @Override
    public void ended() {
        owner.sessionEnded(this);
    }

    /** Opens the session: tells the application, then reads. Called once. */
    public void start() {
        loop.start();
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

    @Override
    public void close() {
        close(CloseReasons.local("close() was called"));
    }

    @Override
    public void abort() {
        abort(CloseReasons.local("abort() was called"));
    }

    @Override
    public SendResult send(ByteBuffer message) {
        SendResult answer = life.isOpen() ? send.send(message) : SendResult.CLOSED;
        if (answer == SendResult.REFUSED) {
            loop.refused();
        }
        return answer;
    }

    @Override
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        FutureReply reply = new FutureReply();
        request(payload, timeout, reply);
        return reply;
    }

    @Override
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        RequestTable table = loop.requests();
        if (table == null) {
            throw new IllegalStateException("this session cannot ask, because replies could not be told from what"
                    + " onMessage or onRequest take: ask on one without onMessage, or use Protocol.millrace()");
        }
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        if (loop.isPeerDraining()) {
            PendingRequest.fail(
                    handler, new TransportException("not sent: " + remoteAddress + " takes no more requests"));
            return;
        }
        PendingRequest request = table.prepare(handler, timeoutNanos);
        if (request == null) {
            PendingRequest.fail(
                    handler,
                    new TransportException("not sent: the limit on requests that wait for a reply" + " from "
                            + remoteAddress + " is " + table.limit() + ", and it is reached"));
            return;
        }
        SendResult answer = sendRequest(payload, request);
        if (!answer.isAccepted()) {
            table.unprepare(request);
            if (answer == SendResult.REFUSED) {
                loop.refused();
            }
            PendingRequest.fail(
                    handler,
                    answer == SendResult.CLOSED
                            ? new SessionClosedException(life.reasonOr("closing"), false)
                            : send.refusal(remoteAddress));
        }
    }

    private SendResult sendRequest(ByteBuffer payload, PendingRequest request) {
        try {
            return life.isOpen() ? send.request(requestKind, payload, request) : SendResult.CLOSED;
        } catch (RuntimeException | Error cannotBeFramed) {
            request.unprepare();
            throw cannotBeFramed;
        }
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
        return life.isOpen();
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return life.reason();
    }

    @Override
    public long queuedBytes() {
        return send.queuedBytes();
    }

    @Override
    public SessionStats stats() {
        ReceiveLoop receive = loop.receiveLoop();
        return new SessionStats(
                receive.receivedBytes(), receive.receivedMessages(), send.writtenBytes(), send.acceptedMessages());
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
    public String toString() {
        return "session=" + id + " remote=" + remoteAddress;
    }
}
