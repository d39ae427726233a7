package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.RequestHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Gives the requests of one session to the handler, and sends the replies. */
final class Responder {
    /*
     * With tokens a reply leaves as soon as it is given. Without, it must leave in the order of the requests: a reply
     * that is given too early is kept (copied) until all before it have been given, and an error, which the protocol
     * cannot express, closes the session when its turn comes.
     *
     *     first                                  last
     *     | given: leaves, and all given behind it | waiting | given, kept | waiting |
     *
     * One lock guards the chain and every reply in it. Queueing for sending happens under it, so that order holds;
     * the flush, which may call the channel, comes after it.
     */

    /** What the responder needs of its session. */
    interface Outlet {
        /** Refuses a payload that cannot be framed, with IllegalArgumentException. */
        void check(ByteBuffer payload);

        /** Queues a frame, whatever the limits if it is an error. */
        SendResult queue(FrameKind kind, long token, ByteBuffer payload);

        /** Starts sending what was queued. */
        void flushQueued();

        /** Hears that a request has been answered, on whatever thread; and whether more may be taken in since. */
        void requestAnswered(boolean wasFull);

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
    private final int limit;
    private final int keptLimitBytes;

    // Guarded by this.
    private @Nullable PendingReply first;
    private @Nullable PendingReply last;
    private int unanswered;
    private long keptBytes;

    Responder(Session session, RequestHandler handler, Outlet outlet, boolean byToken, int limit, int keptLimitBytes) {
        this.session = session;
        this.handler = handler;
        this.outlet = outlet;
        this.byToken = byToken;
        this.limit = limit;
        this.keptLimitBytes = keptLimitBytes;
    }

    /** Takes a request; borrowed. */
    void onRequest(long token, ByteBuffer request) {
        PendingReply reply = register(token);
        if (reply == null) {
            outlet.queue(FrameKind.ERROR, token, error(ErrorCode.BUSY, "more than " + limit + " requests in progress"));
            outlet.flushQueued();
            return;
        }
        try {
            handler.onRequest(session, request, reply);
        } catch (Throwable thrown) {
            outlet.handlerThrew("onRequest", thrown);
            if (!reply.isAnswered()) {
                reply.fail(ErrorCode.HANDLER, "the handler failed", CloseReasons.handlerThrew("onRequest", thrown));
            }
        }
    }

    private synchronized @Nullable PendingReply register(long token) {
        if (byToken && unanswered >= limit) {
            return null;
        }
        PendingReply reply = new PendingReply(token);
        unanswered++;
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
    synchronized boolean isFull() {
        return !byToken && unanswered >= limit;
    }

    synchronized boolean isIdle() {
        return unanswered == 0;
    }

    static ByteBuffer error(int code, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Short.BYTES + utf8.length)
                .putShort((short) code)
                .put(utf8)
                .flip();
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

        @Override
        public SendResult send(ByteBuffer payload) {
            SendResult result;
            boolean wasFull;
            synchronized (Responder.this) {
                requireUnanswered();
                wasFull = isFull();
                result = byToken ? outlet.queue(FrameKind.REPLY, token, payload) : sendInOrder(payload);
                settle(result);
            }
            finish(result, wasFull);
            return result;
        }

        /** Guarded by the responder. */
        private SendResult sendInOrder(ByteBuffer payload) {
            if (!session.isOpen()) {
                return SendResult.CLOSED;
            }
            if (first != this) {
                return keep(payload);
            }
            SendResult result = outlet.queue(FrameKind.MESSAGE, 0, payload);
            if (result.isAccepted()) {
                first = next;
                sendKept();
            }
            return result;
        }

        /** Keeps a reply for its turn, as if it were queued already. Guarded by the responder. */
        private SendResult keep(ByteBuffer payload) {
            outlet.check(payload);
            if (keptBytes > 0 && keptBytes + payload.remaining() > keptLimitBytes) {
                return SendResult.REFUSED;
            }
            keptBytes += payload.remaining();
            kept = ByteBuffer.allocate(payload.remaining())
                    .put(payload.duplicate())
                    .flip();
            return SendResult.ACCEPTED;
        }

        @Override
        public SendResult fail(int code, String text) {
            if (code < 1 || code > ErrorCode.LAST) {
                throw new IllegalArgumentException(
                        "error code is " + code + "; it must be from 1 to " + ErrorCode.LAST);
            }
            return fail(
                    code,
                    text,
                    CloseReason.of(
                            CloseReason.Kind.LOCAL,
                            "a request was answered with an error: " + ErrorCode.nameOf(code) + " " + text));
        }

        private SendResult fail(int code, String text, CloseReason whereErrorsCannotBeSent) {
            SendResult result;
            boolean wasFull;
            synchronized (Responder.this) {
                requireUnanswered();
                wasFull = isFull();
                if (byToken) {
                    result = outlet.queue(FrameKind.ERROR, token, error(code, text));
                } else {
                    closing = whereErrorsCannotBeSent;
                    sendKept();
                    result = SendResult.ACCEPTED;
                }
                settle(result);
            }
            finish(result, wasFull);
            return result;
        }

        /** Guarded by the responder. */
        private void requireUnanswered() {
            if (answered) {
                throw new IllegalStateException("this request has been answered already; " + session);
            }
        }

        /** Guarded by the responder. */
        private void settle(SendResult result) {
            answered = result != SendResult.REFUSED;
            if (answered) {
                unanswered--;
            }
        }

        private void finish(SendResult result, boolean wasFull) {
            if (result == SendResult.REFUSED) {
                outlet.refused();
            } else {
                outlet.flushQueued();
                outlet.requestAnswered(wasFull);
            }
        }

        @Override
        public boolean isAnswered() {
            synchronized (Responder.this) {
                return answered;
            }
        }
    }

    /** Sends what was kept for its turn, as far as the turn has come. Guarded by this. */
    private void sendKept() {
        while (first != null && (first.kept != null || first.closing != null)) {
            PendingReply reply = first;
            first = reply.next;
            if (reply.closing != null) {
                closeAfterThis(reply.closing);
            } else if (reply.kept != null) {
                ByteBuffer payload = reply.kept;
                reply.kept = null;
                keptBytes -= payload.remaining();
                if (!outlet.queue(FrameKind.MESSAGE, 0, payload).isAccepted()) {
                    closeAfterThis(CloseReason.of(
                            CloseReason.Kind.STALLED,
                            "a reply could not be queued, so later ones would be mistaken for it"));
                }
            }
        }
        if (first == null) {
            last = null;
        }
    }

    /** Ends the session behind the replies sent so far; those that wait have no turn any more. Guarded by this. */
    private void closeAfterThis(CloseReason reason) {
        first = null;
        keptBytes = 0;
        outlet.close(reason);
    }
}
