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
     *                 lend                  tryGiveUp
     *     nothing lent ----> lent to a callback ----> given, perhaps taken back
     *          ^                     |                     |
     *          +-------- end --------+-------- end --------+
     *
     * Only sessions that have received a large frame have a loan.
     *
     * Confined to the session's steps, and to the callback that runs in one.
     */

    /** From what length on a frame is large, in bytes: sent on from where it lies, and a reason to read more. */
    static final int LARGE_FRAME_BYTES = 16 << 10;

    /**
     * A frame must be at least a sixteenth of its buffer: as long as it waits somewhere it keeps all of that from other
     * uses.
     */
    private static final int SMALLEST_PART_SHIFT = 4;

    final LargeBursts bursts = new LargeBursts();
    private final ReceiveBuffer from;

    /** Takes over from the receive buffer, some of which others own; null if nobody does. */
    private @Nullable PooledBuffer spare;

    // Of the callback that runs: the very window that it was lent, the frame around it, and what it has sent on of it.
    private @Nullable ByteBuffer message;
    private int frameStart;
    private int frameEnd;
    private @Nullable SharedSlice given;

    Loan(ReceiveBuffer from) {
        this.from = from;
    }

    /** Returns whether a frame is worth lending, in a buffer of such a capacity, both in bytes. */
    static boolean isWorth(int frameLength, int capacity) {
        return frameLength >= (capacity - BufferPool.SLACK_BYTES) >> SMALLEST_PART_SHIFT;
    }

    /**
     * Lends a message to the callback that follows.
     *
     * @param newMessage the window that the callback is given
     * @param newFrameStart where the frame begins in the receive buffer, header included
     * @param newFrameEnd where it ends
     */
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

    /** Reserves what will take over from the receive buffer, or returns false if there is no memory for it. */
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
