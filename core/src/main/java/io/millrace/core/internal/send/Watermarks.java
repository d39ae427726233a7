package io.millrace.core.internal.send;

import io.millrace.core.NotSentException;
import io.millrace.core.SessionConfig;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.protocol.FrameKind;

/** Decides whether one more frame may be queued, and when a queue is long. Has no state: that is its queue's. */
final class Watermarks {
    /*
     * When the group's memory is scarce a few bytes are a long queue, and what memory is left is for sessions that have
     * next to nothing queued: slow peers must not use up what others live on.
     */

    /** What control frames may queue beyond the limit, in bytes. */
    private static final int CONTROL_RESERVE_BYTES = 16 << 10;

    /** What a session may have queued, in bytes, and still get a share of the last memory. */
    private static final int SHORT_QUEUE_BYTES = 4 << 10;

    private Watermarks() {}

    /** Returns whether a payload finds no room behind so many bytes, as far as limits go. */
    static boolean isFull(SessionConfig config, BufferPool buffers, FrameKind kind, long payloadLength, long queued) {
        boolean control = isControl(kind);
        // Frames that keep the connection itself in order have a reserve that messages cannot use up.
        long limit = (long) config.sendLimit() + (control ? CONTROL_RESERVE_BYTES : 0);
        boolean beyondLimit = queued >= config.sendHighMark() && queued + payloadLength > limit;
        return beyondLimit || (!control && mustLeaveMemory(buffers, queued));
    }

    /** Returns whether senders have to slow down. */
    static boolean isHigh(SessionConfig config, BufferPool buffers, long queued) {
        return queued > config.sendHighMark() || mustLeaveMemory(buffers, queued);
    }

    private static boolean mustLeaveMemory(BufferPool buffers, long queued) {
        return queued > SHORT_QUEUE_BYTES && buffers.isScarce();
    }

    /** Says why something was refused just now, and what to do. */
    static NotSentException refusal(SessionConfig config, BufferPool buffers, long queued, Object peer) {
        return new NotSentException(
                queued >= config.sendHighMark()
                        ? "not sent: " + queued + " bytes are queued for " + peer
                                + " already: wait for onWritable or for replies, or raise sendLimit, now "
                                + config.sendLimit()
                        : "not sent: no buffer memory left in the group: raise its bufferMemory, now "
                                + buffers.stats().limitBytes() + " bytes");
    }

    /**
     * Returns whether frames of a kind go before what is queued. Not so the drain notice: a peer that has it, and knows
     * of nothing in flight, ends the connection, and requests that were queued before the notice would be lost.
     */
    static boolean goesFirst(FrameKind kind) {
        return isControl(kind) && kind != FrameKind.GOAWAY;
    }

    /** Returns whether frames of a kind keep the connection itself in order. */
    private static boolean isControl(FrameKind kind) {
        return switch (kind) {
            case MESSAGE, REQUEST, REPLY -> false;
            case ERROR, PING, PONG, GOAWAY, SKIPPED -> true;
        };
    }
}
