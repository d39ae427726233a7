package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.PartHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.request.Outlet;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.request.RequestTables;
import io.millrace.core.internal.request.Responder;
import io.millrace.core.internal.request.ServedRequests;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Heartbeat;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Side;
import io.millrace.core.protocol.UnsupportedVersionException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Brings each frame of one session to where it belongs, by what it is for. */
final class FrameDispatch implements Outlet {
    /** What the dispatch needs of its session. */
    interface Events extends RequestTable.Requester {
        /** Closes in good order, behind what is queued. */
        void close(CloseReason reason);

        /** Hears that a request of the peer's has been answered, and whether more may be taken in since. */
        void requestAnswered(boolean takesMore);

        /** Hears that a reply found no room in the send queue. */
        void refused();

        /** Finishes what is in flight and begins nothing new, then closes. */
        void drain(CloseReason reason);

        /** Returns whether nothing new is begun. */
        boolean isDraining();

        /** Returns why nothing new is begun. */
        CloseReason reasonToDrain();

        /** Returns the time of the clock that deadlines go by. */
        long nanoTime();

        /** Hears that a ping has been answered. */
        void pong(long token);

        /** Hears that the peer will not answer further requests. */
        void peerIsDraining(int code, String text);
    }

    /** How much of a peer's words goes into the log, in bytes. */
    private static final int LONGEST_SHOWN_TEXT = 256;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Session session;
    private final SendLoop send;
    private final Events events;
    private final SessionSetup setup;
    private final @Nullable Responder responder;
    private final @Nullable RequestTable requests;
    /** Where frames for the application go that do not go straight to it. */
    private final @Nullable HandOver handOver;

    // Confined to the session's steps.
    private int skippedFrames;
    private int requestsTaken;
    private @Nullable PingGuard pingGuard;

    FrameDispatch(
            IoRuntime runtime,
            SessionSetup setup,
            Session session,
            SendLoop send,
            Events events,
            @Nullable HandOver handOver) {
        this.session = session;
        this.send = send;
        this.events = events;
        this.setup = setup;
        this.handOver = handOver;
        ServedRequests served = setup.served();
        this.responder = served == null ? null : new Responder(session, this, served);
        this.requests = setup.asks() ? RequestTables.of(setup.protocol().pairing(), runtime.deadlines(), events) : null;
    }

    private boolean hasTokens() {
        return setup.protocol().pairing() == Pairing.BY_TOKEN;
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

    void dispatch(FrameKind kind, long token, ByteBuffer payload) {
        PingGuard guard = pingGuard;
        if (guard != null) {
            guard.received(kind);
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
        return setup.handlers().onPart() != null && kind == FrameKind.MESSAGE;
    }

    /** Takes a part of a message; borrowed. */
    void part(ByteBuffer part, int remaining) {
        forApplication(FrameKind.MESSAGE, remaining, part);
    }

    /** Returns whether empty messages are heartbeats, and not the application's. */
    boolean keepsEmptyMessages() {
        return setup.keepsEmptyMessages();
    }

    /** Sends a heartbeat; false if it could not: the next one comes soon enough. */
    boolean heartbeat(long token) {
        SendResult result = SendResult.CLOSED;
        if (setup.protocol().heartbeat() == Heartbeat.PING) {
            result = send.queue(FrameKind.PING, token, NOTHING);
            send.flushQueued();
        } else if (setup.side() == Side.CLIENT || setup.protocol().pairing() != Pairing.ONE_AT_A_TIME) {
            // Where a server may only answer, an empty message would be taken for a reply.
            result = send.queue(FrameKind.MESSAGE, 0, NOTHING);
            send.flushQueued();
        }
        return result.isAccepted();
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
        if (!payload.hasRemaining() && keepsEmptyMessages()) {
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
            CloseReason reason = events.reasonToDrain();
            taker.refuse(token, ErrorCode.DRAINING, reason.detail(), reason);
            return;
        }
        int limit = setup.config().requestLimit();
        if (limit > 0 && ++requestsTaken == limit) {
            events.drain(CloseReasons.enoughRequests(limit));
        }
        forApplication(FrameKind.REQUEST, token, payload);
    }

    private void forApplication(FrameKind kind, long token, ByteBuffer payload) {
        if (handOver == null) {
            take(kind, token, payload);
        } else {
            handOver.add(kind, token, payload);
        }
    }

    /** Gives a frame to the application; for one in parts, the token is what is still to come. */
    void take(FrameKind kind, long token, ByteBuffer payload) {
        if (kind == FrameKind.REQUEST) {
            takeRequest(token, payload);
            return;
        }
        PartHandler parts = setup.handlers().onPart();
        MessageHandler messages = setup.handlers().onMessage();
        int from = payload.position();
        int to = payload.limit();
        try {
            if (parts != null) {
                parts.onPart(session, payload, token);
            } else if (messages != null) {
                messages.onMessage(session, payload);
            }
        } catch (MalformedFrameException malformed) {
            // A codec refused it, so the peer is at fault and nobody here.
            payload.limit(to).position(from);
            events.close(CloseReasons.malformed(malformed, session.remoteAddress(), payload));
        } catch (Throwable thrown) {
            String callback = parts != null ? "onPart" : "onMessage";
            events.handlerThrew(callback, thrown);
            events.close(CloseReasons.handlerThrew(callback, thrown));
        }
    }

    private void takeRequest(long token, ByteBuffer payload) {
        if (responder != null) {
            responder.onRequest(token, payload);
        }
    }

    /** Returns what a request of ours is framed as. */
    FrameKind requestKind() {
        return hasTokens() ? FrameKind.REQUEST : FrameKind.MESSAGE;
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

    /** Says, where the protocol can, why the session is about to close. */
    void malformed(MalformedFrameException cause) {
        if (cause instanceof UnsupportedVersionException) {
            sayGoodbye(ErrorCode.UNSUPPORTED_VERSION, String.valueOf(cause.getMessage()));
        }
    }

    /** Returns whether the protocol can tell the peer that this side takes nothing new. */
    boolean hasGoodbye() {
        return hasTokens();
    }

    /** Tells the peer, where the protocol can, that this side takes nothing new, and why. */
    void sayGoodbye(int code, String text) {
        if (!hasGoodbye()) {
            return;
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocate(Short.BYTES + Byte.BYTES + utf8.length)
                .putShort((short) code)
                .put((byte) MillraceProtocol.VERSION)
                .put(utf8)
                .flip();
        answer(FrameKind.GOAWAY, 0, cutToFit(payload, Short.BYTES + Byte.BYTES));
    }

    @Override
    public void answerError(long token, int code, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocate(Short.BYTES + utf8.length)
                .putShort((short) code)
                .put(utf8)
                .flip();
        answer(FrameKind.ERROR, token, cutToFit(payload, Short.BYTES));
    }

    /** The text of an error gives way to a small limit on payloads; its numbers do not. */
    private ByteBuffer cutToFit(ByteBuffer payload, int essentialBytes) {
        try {
            send.check(payload);
        } catch (IllegalArgumentException tooLong) {
            payload.limit(essentialBytes);
        }
        return payload;
    }

    /** Answers on the framework's own account: nobody could try again, so a refusal ends the session. */
    private void answer(FrameKind kind, long token, ByteBuffer payload) {
        SendResult result = send.queue(kind, token, payload);
        if (result == SendResult.REFUSED && kind != FrameKind.PONG) {
            events.close(CloseReasons.queueFull(send.queuedBytes()));
        }
        send.flushQueued();
    }

    @Override
    public SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        return send.queue(kind, token, payload);
    }

    @Override
    public void check(ByteBuffer payload) {
        setup.requireNoHeartbeat(payload.remaining());
        send.check(payload);
    }

    @Override
    public void flushQueued() {
        send.flushQueued();
    }

    @Override
    public boolean willBeRelieved() {
        return send.isCongested();
    }

    /** Goes on with replies that found no room in the send queue. */
    void resumeReplies() {
        if (responder != null) {
            responder.resume();
        }
    }

    @Override
    public void requestAnswered(boolean takesMore) {
        events.requestAnswered(takesMore);
    }

    @Override
    public void close(CloseReason reason) {
        events.close(reason);
    }

    @Override
    public void refused() {
        events.refused();
    }

    @Override
    public void handlerThrew(String callback, Throwable thrown) {
        events.handlerThrew(callback, thrown);
    }

    int skippedFrames() {
        return skippedFrames;
    }
}
