package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.PartHandler;
import io.millrace.core.Session;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.answer.Responder;
import io.millrace.core.internal.answer.ServedRequests;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.request.RequestTables;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Brings each frame of one session to where it belongs, by what it is for. */
final class FrameDispatch extends FrameOutlet {
    /** How much of a peer's words goes into the log, in bytes. */
    private static final int LONGEST_SHOWN_TEXT = 256;

    private final Session session;
    private final @Nullable Responder responder;
    private final @Nullable RequestTable requests;
    /** Where frames for the application go that do not go straight to it. */
    private final @Nullable HandOver handOver;
    /** Who gets messages right away, and whole; null if nobody does. */
    private final @Nullable MessageHandler direct;

    // Confined to the session's steps.
    private int skippedFrames;
    private int requestsTaken;
    private @Nullable PingGuard pingGuard;

    FrameDispatch(
            IoRuntime runtime,
            SessionSetup setup,
            Session session,
            SendLoop send,
            SessionEvents events,
            @Nullable HandOver handOver) {
        super(setup, send, events);
        this.session = session;
        this.handOver = handOver;
        this.direct = handOver == null ? setup.handlers().onMessage() : null;
        ServedRequests served = setup.served();
        this.responder = served == null ? null : new Responder(session, this, served);
        this.requests = setup.asks() ? RequestTables.of(setup.protocol(), runtime.deadlines(), events) : null;
    }

    @Nullable
    RequestTable requests() {
        return requests;
    }

    /** Refuses an upgrade while requests or answers are on their way. */
    void requireNothingInFlight() {
        if (requests != null && requests.size() > 0) {
            throw new IllegalStateException("upgrade() while " + requests.size() + " requests wait for replies: they"
                    + " would be taken for something else; " + session);
        }
        if (!isIdle()) {
            throw new IllegalStateException("upgrade() before every request of the peer has been answered: the answers"
                    + " would be framed in the new way; " + session);
        }
    }

    /** Returns whether the peer has asked more than can be kept, so that nothing more should be read from it. */
    boolean isFull() {
        return responder != null && responder.isFull();
    }

    /** Returns whether every request of the peer has been answered. */
    boolean isIdle() {
        return responder == null || responder.isIdle();
    }

    /** Takes a whole frame; the payload is borrowed. */
    void dispatch(FrameKind kind, long token, ByteBuffer payload) {
        PingGuard guard = pingGuard;
        if (guard != null) {
            guard.received(kind);
        }
        // What most frames are, before all others, and written out as in take(): see decision 14 on short ways.
        MessageHandler handler = direct;
        if (handler != null && kind == FrameKind.MESSAGE && payload.hasRemaining()) {
            int from = payload.position();
            int to = payload.limit();
            try {
                handler.onMessage(session, payload);
            } catch (Throwable thrown) {
                callbackThrew("onMessage", thrown, payload.limit(to).position(from));
            }
            return;
        }
        switch (kind) {
            case MESSAGE -> message(payload);
            case REQUEST -> request(token, payload);
            case REPLY -> {
                if (requests != null) {
                    requests.reply(token, payload);
                }
            }
            case ERROR -> error(token, payload);
            case PING -> ping(token, payload);
            case PONG -> events.pong(token);
            case GOAWAY -> goAway(payload);
            case SKIPPED -> skippedFrames++;
        }
    }

    /** Hears that the session has ended. */
    void end() {
        if (responder != null) {
            responder.end();
        }
    }

    /** Returns whether frames of a kind are taken in parts. */
    boolean takesParts(FrameKind kind) {
        return kind == FrameKind.MESSAGE && direct == null && setup.handlers().onPart() != null;
    }

    /** Takes a part of a message; borrowed. */
    void part(ByteBuffer part, int remaining) {
        if (!part.hasRemaining() && setup.takesEmptyHeartbeats()) {
            // The only part of an empty message: of others no part is empty.
            return;
        }
        forApplication(FrameKind.MESSAGE, remaining, part);
    }

    private void ping(long token, ByteBuffer payload) {
        int limit = setup.config().heartbeat().maxPingsPerSecond();
        if (limit > 0) {
            long now = events.nanoTime();
            PingGuard guard = pingGuard;
            if (guard == null) {
                guard = new PingGuard(limit, now);
                pingGuard = guard;
            }
            if (guard.isTooMany(now)) {
                CloseReason reason = CloseReasons.tooManyPings(limit);
                sayGoodbye(ErrorCode.TOO_MANY_PINGS, reason.detail());
                events.close(reason);
                return;
            }
        }
        answer(FrameKind.PONG, token, payload);
    }

    private void message(ByteBuffer payload) {
        if (!payload.hasRemaining() && setup.takesEmptyHeartbeats()) {
            return;
        }
        if (setup.handlers().onMessage() != null) {
            forApplication(FrameKind.MESSAGE, 0, payload);
        } else if (hasTokens()) {
            skippedFrames++;
        } else if (responder != null) {
            request(responder, 0, payload);
        } else if (requests == null || !requests.reply(0, payload)) {
            events.close(CloseReasons.unexpectedReply());
        }
    }

    private void request(long token, ByteBuffer payload) {
        if (responder != null) {
            request(responder, token, payload);
        } else {
            answerError(token, ErrorCode.NO_HANDLER, "no requests are taken here");
        }
    }

    private void request(Responder taker, long token, ByteBuffer payload) {
        if (events.isDraining()) {
            // The peer is to hear why before it hears of the first refusal.
            events.announceDrain();
            if (handOver == null || hasTokens()) {
                refuseAsDraining(taker, token);
            } else {
                // In its turn, for requests before it may wait for the executor: replies keep their order.
                handOver.add(FrameKind.ERROR, token, payload);
            }
            return;
        }
        int limit = setup.config().requestLimit();
        if (limit > 0 && ++requestsTaken == limit) {
            events.drain(CloseReasons.enoughRequests(limit));
        }
        forApplication(FrameKind.REQUEST, token, payload);
    }

    private void refuseAsDraining(Responder taker, long token) {
        CloseReason reason = events.reasonToDrain();
        taker.refuse(token, ErrorCode.DRAINING, reason.detail(), reason);
    }

    private void forApplication(FrameKind kind, long token, ByteBuffer payload) {
        if (handOver == null) {
            take(kind, token, payload);
        } else {
            handOver.add(kind, token, payload);
        }
    }

    /**
     * Gives a frame to the application; for one in parts, the token is what is still to come. An error stands for a
     * request that is to be answered with one.
     */
    void take(FrameKind kind, long token, ByteBuffer payload) {
        if (kind == FrameKind.REQUEST || kind == FrameKind.ERROR) {
            takeRequest(kind, token, payload);
            return;
        }
        PartHandler parts = setup.handlers().onPart();
        MessageHandler messages = setup.handlers().onMessage();
        if (messages != null) {
            take(messages, payload);
        } else if (parts != null) {
            takePart(parts, payload, token);
        }
    }

    private void take(MessageHandler handler, ByteBuffer message) {
        int from = message.position();
        int to = message.limit();
        try {
            handler.onMessage(session, message);
        } catch (Throwable thrown) {
            callbackThrew("onMessage", thrown, message.limit(to).position(from));
        }
    }

    private void takePart(PartHandler handler, ByteBuffer part, long remaining) {
        int from = part.position();
        int to = part.limit();
        try {
            handler.onPart(session, part, remaining);
        } catch (Throwable thrown) {
            callbackThrew("onPart", thrown, part.limit(to).position(from));
        }
    }

    /**
     * Closes the session because of what a callback threw.
     *
     * @param payload what it was given, from the first byte again
     */
    private void callbackThrew(String callback, Throwable thrown, ByteBuffer payload) {
        if (thrown instanceof MalformedFrameException malformed) {
            events.close(malformed(malformed, payload));
        } else {
            events.handlerThrew(callback, thrown);
            events.close(CloseReasons.handlerThrew(callback, thrown));
        }
    }

    /** A codec refused what came, so the peer is at fault and nobody here. */
    @Override
    public CloseReason malformed(MalformedFrameException cause, ByteBuffer payload) {
        CloseReason reason = CloseReasons.malformed(cause, session.remoteAddress(), payload);
        try {
            if (session.isOpen()) {
                setup.malformed(session, cause);
            }
        } catch (Throwable thrown) {
            events.handlerThrew("onMalformed", thrown);
        }
        return reason;
    }

    private void takeRequest(FrameKind kind, long token, ByteBuffer payload) {
        if (responder == null) {
            return;
        }
        if (kind == FrameKind.ERROR) {
            refuseAsDraining(responder, token);
        } else {
            responder.onRequest(token, payload);
        }
    }

    private void error(long token, ByteBuffer payload) {
        if (requests == null) {
            return;
        }
        if (payload.remaining() < Short.BYTES) {
            events.close(CloseReason.of(CloseReason.Kind.PROTOCOL, "an error reply came without its code"));
            return;
        }
        requests.fail(token, payload.getShort(), text(payload));
    }

    private void goAway(ByteBuffer payload) {
        if (payload.remaining() < Short.BYTES + Byte.BYTES) {
            events.close(CloseReason.of(CloseReason.Kind.PROTOCOL, "a drain notice came without its code"));
            return;
        }
        int code = payload.getShort();
        payload.get();
        payload.limit(Math.min(payload.limit(), payload.position() + LONGEST_SHOWN_TEXT));
        events.peerIsDraining(code, text(payload).replaceAll("\\p{Cntrl}", "."));
    }

    private static String text(ByteBuffer payload) {
        return StandardCharsets.UTF_8.decode(payload).toString();
    }

    void tooLong(FrameKind kind, long token) {
        if (kind == FrameKind.REQUEST) {
            answerError(token, ErrorCode.TOO_LARGE, "the request is beyond the limit");
        }
    }

    /** Goes on with replies that found no room in the send queue. */
    void resumeReplies() {
        if (responder != null) {
            responder.resume();
        }
    }

    int skippedFrames() {
        return skippedFrames;
    }
}
