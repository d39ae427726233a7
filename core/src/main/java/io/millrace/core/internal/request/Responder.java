package io.millrace.core.internal.request;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorEncoder;
import io.millrace.core.Reply;
import io.millrace.core.RequestHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Gives the requests of one session to the handler, and sends the replies. */
public final class Responder {
    /*
     * With tokens a reply leaves as soon as it is given. Without, it must leave in the order of the requests: a reply
     * that is given too early is kept (copied) until all before it have been given, and an error, which the protocol
     * cannot express, closes the session when its turn comes.
     *
     *     first                                  last
     *     | given: leaves, and all given behind it | waiting | given, kept | waiting |
     *
     * What is kept counts as in progress until it leaves, and the session takes no more requests in while too many are
     * in progress or too much is kept. Kept replies that find no room in the send queue wait for its relief (`due`).
     *
     * One lock guards the chain and every reply in it. Queueing for sending happens under it, so that order holds; the
     * flush, which may call the channel, and the close, which may call the application, come after it.
     */

    /** What the responder needs of its session. */
    public interface Outlet {
        /** Refuses a payload that cannot be framed, with IllegalArgumentException. */
        void check(ByteBuffer payload);

        /** Queues a frame. */
        SendResult queue(FrameKind kind, long token, ByteBuffer payload);

        /** Starts sending what was queued. */
        void flushQueued();

        /** Sends an answer of the framework's own, or closes the session if that is not possible. */
        void answerError(long token, int code, String text);

        /** Returns whether a frame that was refused will find room later, and {@link #resume()} be called then. */
        boolean willBeRelieved();

        /** Hears that a request has been answered, on whatever thread; and whether more may be taken in since. */
        void requestAnswered(boolean takesMore);

        /** Closes the session behind what was queued. */
        void close(CloseReason reason);

        /** Hears that a reply was refused, and does what the policy says. */
        void refused();

        /** Hears that the handler threw: logs it, and closes the session if it was an Error. */
        void handlerThrew(String callback, Throwable thrown);
    }

    private final Session session;
    private final RequestHandler handler;
    private final Outlet outlet;
    private final boolean byToken;
    private final int requestLimit;
    private final int keptLimitBytes;
    private final @Nullable ErrorEncoder errorEncoder;

    // Guarded by this.
    private @Nullable PendingReply first;
    private @Nullable PendingReply last;
    private int inProgress;
    private long keptBytes;
    private @Nullable CloseReason ending;

    // Written under this; read by the session's steps.
    private volatile boolean due;

    public Responder(
            Session session,
            RequestHandler handler,
            Outlet outlet,
            boolean byToken,
            int requestLimit,
            int keptLimitBytes,
            @Nullable ErrorEncoder errorEncoder) {
        this.session = session;
        this.handler = handler;
        this.outlet = outlet;
        this.byToken = byToken;
        this.requestLimit = requestLimit;
        this.keptLimitBytes = keptLimitBytes;
        this.errorEncoder = errorEncoder;
    }

    /** Takes a request; borrowed. */
    public void onRequest(long token, ByteBuffer request) {
        PendingReply reply = register(token);
        if (reply == null) {
            outlet.answerError(token, ErrorCode.BUSY, "more than " + requestLimit + " requests in progress");
            return;
        }
        try {
            handler.onRequest(session, request, reply);
        } catch (Throwable thrown) {
            outlet.handlerThrew("onRequest", thrown);
            reply.failBecauseOf(thrown);
        }
    }

    /**
     * Answers a request with an error, in its turn, without asking the handler.
     *
     * @param whereErrorsCannotBeSent why the session closes then
     */
    public void refuse(long token, int code, String text, CloseReason whereErrorsCannotBeSent) {
        if (byToken) {
            outlet.answerError(token, code, text);
        } else {
            PendingReply reply = register(token);
            if (reply != null) {
                reply.tryFail(code, text, whereErrorsCannotBeSent);
            }
        }
    }

    private synchronized @Nullable PendingReply register(long token) {
        if (byToken && inProgress >= requestLimit) {
            return null;
        }
        PendingReply reply = new PendingReply(token);
        inProgress++;
        if (!byToken) {
            if (last == null) {
                first = reply;
            } else {
                last.next = reply;
            }
            last = reply;
        }
        return reply;
    }

    /** Returns whether no more requests should be taken in, where they cannot be refused. */
    public synchronized boolean isFull() {
        return !byToken && (inProgress >= requestLimit || keptBytes >= keptLimitBytes);
    }

    /** Returns whether every request has been answered, and every reply queued. */
    public synchronized boolean isIdle() {
        return inProgress == 0;
    }

    /** Goes on with replies that found no room, if there are any. */
    public void resume() {
        if (!due) {
            return;
        }
        boolean wasFull;
        synchronized (this) {
            due = false;
            wasFull = isFull();
            int before = inProgress;
            sendKept();
            if (inProgress == before) {
                // Still no room. To tell of it would bring the session back here at once, again and again.
                return;
            }
        }
        finish(wasFull);
    }

    /** What follows from an answer, outside the lock. */
    private void finish(boolean wasFull) {
        CloseReason reason;
        boolean takesMore;
        synchronized (this) {
            reason = ending;
            ending = null;
            takesMore = wasFull && !isFull();
        }
        outlet.flushQueued();
        if (reason != null) {
            outlet.close(reason);
        }
        outlet.requestAnswered(takesMore);
    }

    /** Queues what was kept for its turn, as far as the turn has come and there is room. Guarded by this. */
    private void sendKept() {
        while (first != null && first.isGiven() && ending == null) {
            PendingReply reply = first;
            if (reply.closing != null) {
                end(reply.closing);
            } else if (reply.kept != null) {
                SendResult result = outlet.queue(FrameKind.MESSAGE, 0, reply.kept);
                if (result == SendResult.REFUSED && outlet.willBeRelieved()) {
                    due = true;
                    return;
                }
                if (!result.isAccepted()) {
                    end(CloseReason.of(CloseReason.Kind.STALLED, "a reply could not be queued for lack of memory"));
                } else {
                    keptBytes -= reply.kept.remaining();
                    leave(reply);
                }
            }
        }
    }

    /** Takes the first reply out of the chain: it is on its way. Guarded by this. */
    private void leave(PendingReply reply) {
        first = reply.next;
        if (first == null) {
            last = null;
        }
        inProgress--;
    }

    /** The session ends behind what was queued; those that wait have no turn any more. Guarded by this. */
    private void end(CloseReason reason) {
        ending = reason;
        forgetAll();
    }

    /** No reply can leave any more. Guarded by this. */
    private void forgetAll() {
        first = null;
        last = null;
        inProgress = 0;
        keptBytes = 0;
    }

    private final class PendingReply implements Reply {
        private final long token;

        // Guarded by the responder.
        private @Nullable PendingReply next;
        private boolean answered;
        private @Nullable ByteBuffer kept;
        private @Nullable CloseReason closing;

        PendingReply(long token) {
            this.token = token;
        }

        /** Guarded by the responder. */
        private boolean isGiven() {
            return kept != null || closing != null;
        }

        @Override
        public SendResult send(ByteBuffer payload) {
            outlet.check(payload);
            SendResult result;
            boolean wasFull;
            synchronized (Responder.this) {
                if (answered) {
                    throw answeredAlready();
                }
                wasFull = isFull();
                result = byToken ? sendByToken(FrameKind.REPLY, payload) : sendInOrder(payload);
                answered = result != SendResult.REFUSED;
            }
            if (result == SendResult.REFUSED) {
                outlet.refused();
            } else {
                finish(wasFull);
            }
            return result;
        }

        /** Guarded by the responder. */
        private SendResult sendByToken(FrameKind kind, ByteBuffer payload) {
            SendResult result = outlet.queue(kind, token, payload);
            if (result != SendResult.REFUSED) {
                inProgress--;
            }
            return result;
        }

        /** Guarded by the responder. */
        private SendResult sendInOrder(ByteBuffer payload) {
            if (!session.isOpen()) {
                forgetAll();
                return SendResult.CLOSED;
            }
            if (first != this) {
                keep(ByteBuffer.allocate(payload.remaining())
                        .put(payload.duplicate())
                        .flip());
                return SendResult.ACCEPTED;
            }
            SendResult result = outlet.queue(FrameKind.MESSAGE, 0, payload);
            if (result.isAccepted()) {
                leave(this);
                sendKept();
            }
            return result;
        }

        /** Guarded by the responder. */
        private void keep(ByteBuffer payload) {
            kept = payload;
            keptBytes += payload.remaining();
        }

        @Override
        public SendResult fail(int code, String text) {
            if (code < 1 || code > ErrorCode.LAST) {
                throw new IllegalArgumentException(
                        "error code is " + code + "; it must be from 1 to " + ErrorCode.LAST);
            }
            CloseReason reason = CloseReason.of(
                    CloseReason.Kind.LOCAL,
                    "a request was answered with an error: " + ErrorCode.nameOf(code) + " " + text);
            if (!tryFail(code, text, reason)) {
                throw answeredAlready();
            }
            return session.isOpen() ? SendResult.ACCEPTED : SendResult.CLOSED;
        }

        /** Answers for a handler that threw, unless it, or another thread, has answered. */
        void failBecauseOf(Throwable thrown) {
            tryFail(
                    ErrorCode.HANDLER,
                    "the handler failed",
                    CloseReason.of(CloseReason.Kind.HANDLER, "onRequest threw " + thrown, thrown));
        }

        /** Returns false if the request has been answered already. */
        private boolean tryFail(int code, String text, CloseReason whereErrorsCannotBeSent) {
            boolean wasFull;
            ByteBuffer errorPayload = byToken || errorEncoder == null ? null : encode(errorEncoder, code, text);
            synchronized (Responder.this) {
                if (answered) {
                    return false;
                }
                answered = true;
                wasFull = isFull();
                if (byToken) {
                    inProgress--;
                } else {
                    if (errorPayload == null) {
                        closing = whereErrorsCannotBeSent;
                    } else {
                        keep(errorPayload);
                    }
                    sendKept();
                }
            }
            if (byToken) {
                outlet.answerError(token, code, text);
            }
            finish(wasFull);
            return true;
        }

        private @Nullable ByteBuffer encode(ErrorEncoder encoder, int code, String text) {
            try {
                ByteBuffer payload = encoder.encode(code, text);
                outlet.check(payload);
                return payload;
            } catch (RuntimeException | Error thrown) {
                outlet.handlerThrew("errorEncoder", thrown);
                return null;
            }
        }

        private IllegalStateException answeredAlready() {
            return new IllegalStateException("this request has been answered already; " + session);
        }

        @Override
        public boolean isAnswered() {
            synchronized (Responder.this) {
                return answered;
            }
        }
    }
}
