package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.SendResult;
import io.millrace.core.internal.answer.Outlet;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Heartbeat;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.UnsupportedVersionException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Sends what one session owes its peer: replies, errors, heartbeats and the answers to them, and the goodbye. */
abstract class FrameOutlet implements Outlet {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    final SessionSetup setup;
    final SendLoop send;
    final SessionEvents events;

    FrameOutlet(SessionSetup setup, SendLoop send, SessionEvents events) {
        this.setup = setup;
        this.send = send;
        this.events = events;
    }

    final boolean hasTokens() {
        return setup.protocol().pairing() == Pairing.BY_TOKEN;
    }

    /** Returns what a request of ours is framed as. */
    FrameKind requestKind() {
        return hasTokens() ? FrameKind.REQUEST : FrameKind.MESSAGE;
    }

    /** Sends a heartbeat; false if it could not: the next one comes soon enough. */
    boolean heartbeat(long token) {
        SendResult result = SendResult.CLOSED;
        if (setup.protocol().heartbeat() == Heartbeat.PING) {
            result = send.queue(FrameKind.PING, token, NOTHING);
            send.flushQueued();
        } else if (setup.sendsHeartbeats()) {
            result = send.queue(FrameKind.MESSAGE, 0, NOTHING);
            send.flushQueued();
        }
        return result.isAccepted();
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
    final void answer(FrameKind kind, long token, ByteBuffer payload) {
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
}
