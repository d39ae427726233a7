package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorEncoder;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.RequestHandler.Processor;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gives the requests of one session to the handler, and sends the replies. */
public final class Responder extends RequestsInProgress {
    /*
     * With tokens a reply leaves as soon as it is given. Without, it must leave in the order of the requests: a reply
     * that is given too early is kept (copied) in the line until all before it have been given, and an error, which the
     * protocol cannot express, closes the session when its turn comes.
     *
     * What is kept counts as in progress until it leaves, and the session takes no more requests in while too many are
     * in progress or too much is kept.
     *
     * A handler that answers at once needs no reply that could be kept. Its answers are queued without one, and without
     * a lock, as long as nothing in front of them waits; what goes wrong with one is left to a reply made then.
     *
     *     onRequest --> answers at once --> process: no reply object, no lock
     *         |               |
     *         |               +--- threw, or found no room: a reply made then
     *         +--> ask --> the handler, with a reply --> send, fail: at any time, on any thread
     *
     * One lock guards the line and every reply. Queueing for sending happens under it, so that order holds; the flush,
     * which may call the channel, and the close, which may call the application, come after it.
     */
    private final Session session;
    private final Outlet outlet;

    // Confined to the callbacks of the session; isIdle() is asked when none is running, or by one.
    private int taken;
    /** Whether a handler is just computing an answer, which is in progress without being counted. */
    private boolean processing;

    public Responder(Session session, Outlet outlet, ServedRequests served) {
        super(served, outlet);
        this.session = session;
        this.outlet = outlet;
    }

    /** Takes a request; borrowed. */
    public void onRequest(long token, ByteBuffer request) {
        Processor processor = served.processor();
        if (processor != null && mayAnswerAtOnce()) {
            process(processor, token, request);
        } else {
            ask(token, request);
        }
    }

    /** Returns whether nothing has to be looked at, or waited for, before an answer that is there at once. */
    private boolean mayAnswerAtOnce() {
        return served.totalLimit() == 0 && !hasAny();
    }

    private void process(Processor processor, long token, ByteBuffer request) {
        long startNanos = served.meter().begin(isSampled());
        int from = request.position();
        int to = request.limit();
        SendResult result;
        processing = true;
        try {
            ByteBuffer payload = processor.process(request);
            outlet.check(payload);
            result = byToken ? outlet.queue(FrameKind.REPLY, token, payload) : queueInOrder(token, payload);
        } catch (Throwable thrown) {
            processing = false;
            threw(unanswered(token, startNanos), thrown, request.limit(to).position(from));
            return;
        }
        processing = false;
        if (result.isAccepted()) {
            served.meter().end(startNanos, false);
            outlet.flushQueued();
            outlet.requestAnswered(false);
        } else {
            notQueued(token, startNanos, result);
        }
    }

    /**
     * Queues an answer whose turn has come, for nothing is in progress; not once the session closes, as sendInOrder.
     */
    private SendResult queueInOrder(long token, ByteBuffer payload) {
        return session.isOpen() ? outlet.queue(FrameKind.MESSAGE, token, payload) : SendResult.CLOSED;
    }

    /**
     * Answers for a handler that threw, unless it, or another thread, has answered.
     *
     * @param request what it was given, from the first byte again
     */
    private void threw(PendingReply reply, Throwable thrown, ByteBuffer request) {
        if (thrown instanceof MalformedFrameException malformed) {
            CloseReason reason = outlet.malformed(malformed, request);
            tryFail(reply, ErrorCode.PROTOCOL, String.valueOf(malformed.getMessage()), reason);
            outlet.close(reason);
        } else {
            outlet.handlerThrew("onRequest", thrown);
            CloseReason reason = CloseReason.of(CloseReason.Kind.HANDLER, "onRequest threw " + thrown, thrown);
            tryFail(reply, ErrorCode.HANDLER, "the handler failed", reason);
        }
    }

    /**
     * Leaves the answer that found no room to a reply that nobody has: the policy for overflow decides what follows.
     */
    private void notQueued(long token, long startNanos, SendResult result) {
        PendingReply reply = unanswered(token, startNanos);
        if (result == SendResult.REFUSED) {
            outlet.refused();
            // Who answers at once holds nothing with which to try again.
            String text = "the answer found no room in the send queue";
            tryFail(reply, ErrorCode.HANDLER, text, CloseReason.of(CloseReason.Kind.STALLED, text));
            return;
        }
        end();
        finish(false);
    }

    /** Makes the reply of a request that has begun without one. */
    private synchronized PendingReply unanswered(long token, long startNanos) {
        PendingReply reply = new PendingReply(this, token, startNanos);
        add(reply);
        if (isOver()) {
            forgetAll();
        }
        return reply;
    }

    private boolean isSampled() {
        return taken++ % RequestMeter.SAMPLING == 0;
    }

    /** Gives a request to the handler with a reply that it may keep. */
    private void ask(long token, ByteBuffer request) {
        PendingReply reply = tryBegin(token);
        if (reply == null) {
            return;
        }
        int from = request.position();
        int to = request.limit();
        try {
            served.handler().onRequest(session, request, reply);
        } catch (Throwable thrown) {
            threw(reply, thrown, request.limit(to).position(from));
        }
    }

    /** Begins with a request, or refuses it and returns null. */
    private @Nullable PendingReply tryBegin(long token) {
        boolean allTaken = !served.tryEnter();
        PendingReply reply = allTaken ? null : register(token);
        if (reply == null) {
            refuseBusy(token, allTaken);
        }
        return reply;
    }

    private synchronized @Nullable PendingReply register(long token) {
        if (isOver() || (byToken && count() >= served.sessionLimit())) {
            served.leave(1);
            return null;
        }
        PendingReply reply = new PendingReply(this, token, served.meter().begin(isSampled()));
        add(reply);
        return reply;
    }

    private void refuseBusy(long token, boolean allTaken) {
        int limit = allTaken ? served.totalLimit() : served.sessionLimit();
        String text = limit + " requests are in progress" + (allTaken ? "" : " on this connection");
        served.meter().busy();
        refuse(token, ErrorCode.BUSY, text, CloseReason.of(CloseReason.Kind.REJECTED, "not begun: " + text));
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
            PendingReply reply = new PendingReply(this, token, PendingReply.NOT_BEGUN);
            synchronized (this) {
                add(reply);
            }
            tryFail(reply, code, text, whereErrorsCannotBeSent);
        }
    }

    /** Returns whether every request has been answered, and every reply queued. */
    public synchronized boolean isIdle() {
        return count() == 0 && !processing;
    }

    /** Goes on with replies that found no room, if there are any. */
    public void resume() {
        if (!line.isDue()) {
            return;
        }
        boolean wasFull;
        synchronized (this) {
            line.relieved();
            wasFull = isFull();
            int before = count();
            sendKept();
            if (count() == before) {
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
            reason = takeEnding();
            takesMore = wasFull && !isFull();
        }
        outlet.flushQueued();
        if (reason != null) {
            outlet.close(reason);
        }
        outlet.requestAnswered(takesMore);
    }

    /** Gives the answer of a reply that has none; throws if it has. */
    SendResult send(PendingReply reply, ByteBuffer payload) {
        outlet.check(payload);
        SendResult result;
        boolean wasFull;
        synchronized (this) {
            if (reply.answered) {
                throw answeredAlready();
            }
            wasFull = isFull();
            if (isOver()) {
                result = SendResult.CLOSED;
            } else {
                result = byToken ? sendByToken(reply, payload) : sendInOrder(reply, payload);
            }
            reply.answered = result != SendResult.REFUSED;
        }
        if (result == SendResult.REFUSED) {
            outlet.refused();
        } else {
            finish(wasFull);
        }
        return result;
    }

    /** Guarded by this. */
    private SendResult sendByToken(PendingReply reply, ByteBuffer payload) {
        SendResult result = outlet.queue(FrameKind.REPLY, reply.token, payload);
        if (result.isAccepted()) {
            answered(reply, false);
        } else if (result == SendResult.CLOSED) {
            forgetAll();
        }
        return result;
    }

    /** Guarded by this. */
    private SendResult sendInOrder(PendingReply reply, ByteBuffer payload) {
        if (!session.isOpen()) {
            forgetAll();
            return SendResult.CLOSED;
        }
        if (!line.isFirst(reply)) {
            ByteBuffer copy = ByteBuffer.allocate(payload.remaining());
            line.keep(reply, copy.put(payload.duplicate()).flip());
            return SendResult.ACCEPTED;
        }
        SendResult result = outlet.queue(FrameKind.MESSAGE, 0, payload);
        if (result.isAccepted()) {
            leave(reply, false);
            sendKept();
        }
        return result;
    }

    /** Queues what was kept for its turn, as far as the turn has come and there is room. Guarded by this. */
    private void sendKept() {
        for (PendingReply reply = line.firstGiven(); reply != null; reply = line.firstGiven()) {
            if (reply.kept == null) {
                endBecause(Objects.requireNonNull(reply.closing, "closing"));
                return;
            }
            SendResult result = line.queue(reply.kept);
            if (result.isAccepted()) {
                leave(reply, reply.isError);
            } else if (result == SendResult.REFUSED && line.isDue()) {
                return;
            } else {
                endBecause(CloseReason.of(CloseReason.Kind.STALLED, "a reply could not be queued for lack of memory"));
            }
        }
    }

    /** Answers with an error; throws if there is an answer. */
    SendResult fail(PendingReply reply, int code, String text, CloseReason whereErrorsCannotBeSent) {
        if (!tryFail(reply, code, text, whereErrorsCannotBeSent)) {
            throw answeredAlready();
        }
        return session.isOpen() ? SendResult.ACCEPTED : SendResult.CLOSED;
    }

    /** Returns false if the request has been answered already. */
    private boolean tryFail(PendingReply reply, int code, String text, CloseReason whereErrorsCannotBeSent) {
        boolean wasFull;
        ByteBuffer errorPayload = byToken ? null : encode(code, text);
        synchronized (this) {
            if (reply.answered) {
                return false;
            }
            reply.answered = true;
            if (isOver()) {
                return true;
            }
            wasFull = isFull();
            if (byToken) {
                answered(reply, true);
            } else {
                reply.isError = true;
                if (errorPayload == null) {
                    reply.closing = whereErrorsCannotBeSent;
                } else {
                    line.keep(reply, errorPayload);
                }
                sendKept();
            }
        }
        if (byToken) {
            outlet.answerError(reply.token, code, text);
        }
        finish(wasFull);
        return true;
    }

    /** Returns how an error is told where the protocol has none, or null if the session has to be closed instead. */
    private @Nullable ByteBuffer encode(int code, String text) {
        ErrorEncoder encoder = served.errorEncoder();
        if (encoder == null) {
            return null;
        }
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
}
