package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.SendResult;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a responder does to its session; refuses, or finds a payload unfit, when it is told to. */
final class FakeOutlet implements Outlet {
    /** The payload that no frame can carry. */
    static final String UNFIT = "unfit";

    private final FakeSession session;

    // Guarded by this.
    private final List<String> frames = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private int unflushed;
    private int room = Integer.MAX_VALUE;
    private boolean refusesNext;
    private boolean relief;
    private Runnable meanwhile = () -> {};

    FakeOutlet(FakeSession session) {
        this.session = session;
    }

    synchronized void refuse(boolean all) {
        room = all ? 0 : Integer.MAX_VALUE;
    }

    /** Refuses one frame and accepts the others. */
    synchronized void refuseNext() {
        refusesNext = true;
    }

    /** Accepts so many frames more and refuses all others. */
    synchronized void refuseAfter(int accepted) {
        room = accepted;
    }

    /** Returns what was queued: kind, token and text; of an error its number first. */
    synchronized List<String> frames() {
        return List.copyOf(frames);
    }

    /** Returns everything else that was said, without flushes. */
    synchronized List<String> events() {
        return List.copyOf(events);
    }

    /** Returns how many frames were queued since the last flush. */
    synchronized int unflushed() {
        return unflushed;
    }

    @Override
    public void check(ByteBuffer payload) {
        if (text(payload.duplicate()).equals(UNFIT)) {
            throw new IllegalArgumentException("this cannot be framed");
        }
    }

    @Override
    public synchronized SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        check(payload);
        if (!session.isOpen()) {
            return SendResult.CLOSED;
        }
        if (room == 0 || refusesNext) {
            refusesNext = false;
            return SendResult.REFUSED;
        }
        ByteBuffer content = payload.duplicate();
        String code = kind == FrameKind.ERROR ? content.getShort() + " " : "";
        frames.add(kind + " " + token + " " + code + text(content));
        room--;
        unflushed++;
        return SendResult.ACCEPTED;
    }

    @Override
    public void answerError(long token, int code, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        SendResult result = queue(
                FrameKind.ERROR,
                token,
                ByteBuffer.allocate(Short.BYTES + utf8.length)
                        .putShort((short) code)
                        .put(utf8)
                        .flip());
        if (result == SendResult.REFUSED) {
            close(CloseReason.of(CloseReason.Kind.STALLED, "no room for an error"));
        }
        flushQueued();
    }

    @Override
    public boolean willBeRelieved() {
        Runnable event;
        boolean answer;
        synchronized (this) {
            answer = relief;
            event = meanwhile;
            meanwhile = () -> {};
        }
        event.run();
        return answer;
    }

    /** Has something happen when it is asked for relief the next time, and after the answer is known. */
    synchronized void meanwhile(Runnable event) {
        meanwhile = event;
    }

    /** Has refused frames find room later. */
    synchronized void expectRelief() {
        relief = true;
    }

    private static String text(ByteBuffer payload) {
        return StandardCharsets.UTF_8.decode(payload).toString();
    }

    @Override
    public synchronized void flushQueued() {
        unflushed = 0;
    }

    @Override
    public synchronized void requestAnswered(boolean takesMore) {
        events.add(takesMore ? "answered, takes more" : "answered");
    }

    @Override
    public synchronized void close(CloseReason reason) {
        events.add("close " + reason.kind() + " after " + frames.size());
        session.close(reason);
    }

    @Override
    public synchronized void refused() {
        events.add("refused");
    }

    @Override
    public CloseReason malformed(MalformedFrameException cause, ByteBuffer request) {
        return CloseReason.of(CloseReason.Kind.PROTOCOL, String.valueOf(cause.getMessage()), cause);
    }

    @Override
    public synchronized void handlerThrew(String callback, Throwable thrown) {
        events.add(callback + " threw " + thrown.getClass().getSimpleName());
    }
}
