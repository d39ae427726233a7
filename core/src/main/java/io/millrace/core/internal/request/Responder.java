package io.millrace.core.internal.request;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorEncoder;
import io.millrace.core.Reply;
import io.millrace.core.RequestHandler.Processor;
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
     * The relief may come while that is found out: so `due` is set first, and then the queue is asked again.
     *
     * A handler that answers at once needs no reply that could be kept. Its answers are queued without one, and without
     * a lock, as long as nothing in front of them waits; what goes wrong with one is left to a reply made then.
     *
     * One lock guards the chain and every reply in it. Queueing for sending happens under it, so that order holds; the
     * flush, which may call the channel, and the close, which may call the application, come after it.
     */

    /** Stands for the start of what is refused without having begun, and does not count. */
    private static final long NOT_BEGUN = Long.MIN_VALUE;

    /** How often a queue may refuse and say that no relief will come, until that is believed: it may just have come. */
    private static final int MOST_ATTEMPTS = 3;

    private final Session session;
    private final Outlet outlet;
    private final ServedRequests served;
    private final boolean byToken;

    // Guarded by this.
    private @Nullable PendingReply first;
    private @Nullable PendingReply last;
    private int inProgress;
    private boolean over;
    private long keptBytes;
    private @Nullable CloseReason ending;

    /**
     * Whether anything is in progress, or the session has ended. Written under this; read without by the callbacks and
     * the session's steps, which are the only ones to make it true.
     */
    private boolean hasAny;

    // Confined to the callbacks of the session.
    private int taken;
    private boolean processing;

    // Written under this; read by the session's steps.
    private volatile boolean due;

    public Responder(Session session, Outlet outlet, ServedRequests served) {
        this.session = session;
        this.outlet = outlet;
        this.served = served;
        this.byToken = served.isByToken();
    }

    /** Takes a request; borrowed. */
    public void onRequest(long token, ByteBuffer request) {
        Processor processor = served.processor();
        if (processor != null && mayAnswerAtOnce()) {
            process(processor, token, request);
            return;
        }
        PendingReply reply = tryBegin(token);
        if (reply == null) {
            return;
        }
        try {
            served.handler().onRequest(session, request, reply);
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
            PendingReply reply = new PendingReply(token, NOT_BEGUN);
            synchronized (this) {
                add(reply);
            }
            reply.tryFail(code, text, whereErrorsCannotBeSent);
        }
    }

    /** Returns whether nothing has to be looked at, or waited for, before an answer that is there at once. */
    private boolean mayAnswerAtOnce() {
        return served.totalLimit() == 0 && !hasAny;
    }

    private void process(Processor processor, long token, ByteBuffer request) {
        long startNanos = served.meter().begin(isSampled());
        SendResult result;
        processing = true;
        try {
            ByteBuffer payload = processor.process(request);
            outlet.check(payload);
            result = byToken || session.isOpen()
                    ? outlet.queue(byToken ? FrameKind.REPLY : FrameKind.MESSAGE, token, payload)
                    : SendResult.CLOSED;
        } catch (Throwable thrown) {
            processing = false;
            outlet.handlerThrew("onRequest", thrown);
            unanswered(token, startNanos).failBecauseOf(thrown);
            return;
        }
        processing = false;
        if (result.isAccepted()) {
            served.meter().end(startNanos, false);
            outlet.flushQueued();
            outlet.requestAnswered(false);
        } else {
            unanswered(token, startNanos);
            notQueued(result);
        }
    }

    /** Makes the reply of a request that has begun without one. */
    private synchronized PendingReply unanswered(long token, long startNanos) {
        PendingReply reply = new PendingReply(token, startNanos);
        add(reply);
        if (over) {
            forgetAll();
        }
        return reply;
    }

    private void notQueued(SendResult result) {
        if (result == SendResult.REFUSED) {
            outlet.refused();
            return;
        }
        end();
        finish(false);
    }

    private boolean isSampled() {
        return taken++ % RequestMeter.SAMPLING == 0;
    }

    /** Begins with a request, or refuses it and returns null. */
    private @Nullable PendingReply tryBegin(long token) {
        boolean allTaken = !served.tryEnter();
        PendingReply reply = allTaken ? null : register(token);
        if (reply == null) {
            int limit = allTaken ? served.totalLimit() : served.sessionLimit();
            String text = limit + " requests are in progress" + (allTaken ? "" : " on this connection");
            served.meter().busy();
            refuse(token, ErrorCode.BUSY, text, CloseReason.of(CloseReason.Kind.REJECTED, "not begun: " + text));
        }
        return reply;
    }

    private synchronized @Nullable PendingReply register(long token) {
        if (over || (byToken && inProgress >= served.sessionLimit())) {
            served.leave(1);
            return null;
        }
        PendingReply reply = new PendingReply(token, served.meter().begin(isSampled()));
        add(reply);
        return reply;
    }

    /** Guarded by this. */
    private void add(PendingReply reply) {
        setInProgress(inProgress + 1);
        if (!byToken) {
            if (last == null) {
                first = reply;
            } else {
                last.next = reply;
            }
            last = reply;
        }
    }

    /** Returns whether no more requests should be taken in, where they cannot be refused. */
    public boolean isFull() {
        return !byToken && hasAny && isFullInOrder();
    }

    private synchronized boolean isFullInOrder() {
        return inProgress >= served.sessionLimit() || keptBytes >= served.keptLimitBytes();
    }

    /** Guarded by this. */
    private void setInProgress(int count) {
        inProgress = count;
        hasAny = count > 0 || over;
    }

    /** Hears that the session has ended: whoever has not answered need not. */
    public synchronized void end() {
        forgetAll();
    }

    /** Returns whether every request has been answered, and every reply queued. */
    public synchronized boolean isIdle() {
        return inProgress == 0 && !processing;
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
        if (byToken) {
            outlet.flushQueued();
            outlet.requestAnswered(false);
            return;
        }
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
                if (result == SendResult.REFUSED) {
                    result = queueAgain(reply.kept);
                }
                if (result == SendResult.REFUSED && due) {
                    return;
                }
                if (!result.isAccepted()) {
                    end(CloseReason.of(CloseReason.Kind.STALLED, "a reply could not be queued for lack of memory"));
                } else {
                    keptBytes -= reply.kept.remaining();
                    leave(reply, reply.isError);
                }
            }
        }
    }

    /** Queues what has been refused, or else sees to it that the relief of the queue goes on. Guarded by this. */
    private SendResult queueAgain(ByteBuffer kept) {
        due = true;
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            SendResult result = outlet.queue(FrameKind.MESSAGE, 0, kept);
            if (result != SendResult.REFUSED) {
                due = false;
                return result;
            }
            if (outlet.willBeRelieved()) {
                return result;
            }
        }
        due = false;
        return SendResult.REFUSED;
    }

    /** Takes the first reply out of the chain: it is on its way. Guarded by this. */
    private void leave(PendingReply reply, boolean isError) {
        first = reply.next;
        if (first == null) {
            last = null;
        }
        count(reply, isError);
    }

    /** A request has been answered. Guarded by this. */
    private void count(PendingReply reply, boolean isError) {
        setInProgress(inProgress - 1);
        if (reply.startNanos != NOT_BEGUN) {
            served.meter().end(reply.startNanos, isError);
            served.leave(1);
        }
    }

    /** The session ends behind what was queued; those that wait have no turn any more. Guarded by this. */
    private void end(CloseReason reason) {
        ending = reason;
        forgetAll();
    }

    /** No reply can leave any more. Guarded by this. */
    private void forgetAll() {
        over = true;
        int begun = inProgress;
        for (PendingReply reply = first; reply != null; reply = reply.next) {
            begun -= reply.startNanos == NOT_BEGUN ? 1 : 0;
        }
        served.meter().drop(begun);
        served.leave(begun);
        first = null;
        last = null;
        setInProgress(0);
        keptBytes = 0;
    }

    private final class PendingReply implements Reply {
        private final long token;
        private final long startNanos;

        // Guarded by the responder.
        private @Nullable PendingReply next;
        private boolean answered;
        private boolean isError;
        private @Nullable ByteBuffer kept;
        private @Nullable CloseReason closing;

        PendingReply(long token, long startNanos) {
            this.token = token;
            this.startNanos = startNanos;
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
                if (over) {
                    result = SendResult.CLOSED;
                } else {
                    result = byToken ? sendByToken(payload) : sendInOrder(payload);
                }
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
        private SendResult sendByToken(ByteBuffer payload) {
            SendResult result = outlet.queue(FrameKind.REPLY, token, payload);
            if (result.isAccepted()) {
                count(this, false);
            } else if (result == SendResult.CLOSED) {
                forgetAll();
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
                leave(this, false);
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
            ErrorEncoder encoder = served.errorEncoder();
            ByteBuffer errorPayload = byToken || encoder == null ? null : encode(encoder, code, text);
            synchronized (Responder.this) {
                if (answered) {
                    return false;
                }
                answered = true;
                if (over) {
                    return true;
                }
                wasFull = isFull();
                if (byToken) {
                    count(this, true);
                } else {
                    isError = true;
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
