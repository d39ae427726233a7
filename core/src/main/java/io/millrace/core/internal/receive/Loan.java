package io.millrace.core.internal.receive;

import io.millrace.core.engine.Turn;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.memory.SharedSlice;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Lends large messages of a session to its callbacks, which may send them on from where they lie. */
final class Loan implements Turn.Lender {
    /*
     * Each message that a callback sends on is a part of the receive buffer that somebody else owns from then on.
     * Nothing is read into a buffer that others own parts of: when room is made they either have written them all,
     * which is the rule for an answer, or another buffer takes over what has not been delivered. That one is reserved
     * with the first part, so it cannot be missing then.
     *
     * Only sessions that have received a large frame have a loan.
     *
     * Confined to the session's steps.
     */

    /** From what length on a frame is large, in bytes: sent on from where it lies, and a reason to read more. */
    static final int LARGE_FRAME_BYTES = 16 << 10;

    /** What part of its buffer a frame must be: as long as it waits somewhere it keeps all of it from other uses. */
    private static final int SMALLEST_PART_SHIFT = 4;

    /** How many bursts in a row are reason enough to expect another one like them. */
    private static final int STEADY_BURSTS = 8;

    private final ReceiveBuffer from;

    private @Nullable PooledBuffer spare;
    private @Nullable ByteBuffer message;
    private @Nullable SharedSlice given;
    private int frameStart;
    private int frameEnd;
    private boolean largeSeen;
    private int largeBursts;
    private int shortBursts;

    Loan(ReceiveBuffer from) {
        this.from = from;
    }

    /** Returns whether a frame is worth it, in a buffer of such a capacity. */
    static boolean isWorth(int frameLength, int capacity) {
        return frameLength >= (capacity - BufferPool.SLACK_BYTES) >> SMALLEST_PART_SHIFT;
    }

    /** Notes that a large frame has arrived. */
    void noteLarge() {
        largeSeen = true;
    }

    /** Returns whether a large frame has arrived since this was last asked. */
    boolean takeLargeSeen() {
        boolean seen = largeSeen;
        largeSeen = false;
        return seen;
    }

    /** Notes the end of a burst; returns whether several in a row have been large. */
    boolean noteBurst(boolean isLarge) {
        largeBursts = isLarge ? Math.min(largeBursts + 1, STEADY_BURSTS) : 0;
        return largeBursts == STEADY_BURSTS;
    }

    /** Notes whether half the buffer would have done; returns whether it would for several in a row, and forgets them. */
    boolean noteShort(boolean isShort) {
        shortBursts = isShort ? shortBursts + 1 : 0;
        boolean isSteady = shortBursts == STEADY_BURSTS;
        shortBursts = isSteady ? 0 : shortBursts;
        return isSteady;
    }

    /** Lends a message to the callback that follows. */
    void lend(ByteBuffer newMessage, int newFrameStart, int newFrameEnd) {
        message = newMessage;
        frameStart = newFrameStart;
        frameEnd = newFrameEnd;
    }

    /** The callback is over: nothing is lent any more. */
    void end() {
        message = null;
        given = null;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very window that was lent, not one with the same bytes
    public @Nullable SharedSlice tryGiveUp(ByteBuffer wanted) {
        if (wanted != message) {
            return null;
        }
        if (given != null) {
            throw new IllegalStateException("this message has been transferred already, and its memory is somebody"
                    + " else's: transfer it once, last of all");
        }
        // The callback may have moved both, even to where other frames lie: of these only a copy is sent.
        boolean isInFrame = wanted.position() >= frameStart && wanted.limit() <= frameEnd;
        if (!isInFrame || !tryReserve()) {
            return null;
        }
        given = from.current.share(wanted.position(), wanted.limit(), wanted.position() - frameStart);
        return given;
    }

    @Override
    public void takeBack() {
        SharedSlice part = given;
        if (part != null) {
            given = null;
            part.release();
        }
    }

    private boolean tryReserve() {
        if (spare == null) {
            spare = from.tryLeaseNext();
        }
        return spare != null;
    }

    /** Returns the buffer that was reserved, the caller's; or null if no part has been given away. */
    @Nullable
    PooledBuffer takeSpare() {
        PooledBuffer reserved = spare;
        spare = null;
        return reserved;
    }
}
