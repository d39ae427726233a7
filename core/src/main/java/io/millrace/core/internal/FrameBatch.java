package io.millrace.core.internal;

import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The frames of one turn and the buffer they lie in, on their way to the application's executor. Reused. */
final class FrameBatch {
    /** The most frames in one batch. */
    static final int LIMIT = 1_024;

    private static final int FIRST_LENGTH = 16;

    // Confined to the session's steps while it is filled, to the handler lane while it is worked off; handed over by
    // the lane's lock.
    private @Nullable PooledBuffer buffer;
    private boolean owned;
    private FrameKind[] kinds = new FrameKind[FIRST_LENGTH];
    private long[] tokens = new long[FIRST_LENGTH];
    private int[] starts = new int[FIRST_LENGTH];
    private int[] ends = new int[FIRST_LENGTH];
    private int count;
    private int next;

    /** What takes the frames. */
    interface Taker {
        /** Takes a frame that lies between two indexes of the buffer. */
        void take(FrameKind kind, long token, ByteBuffer payload);
    }

    void add(FrameKind kind, long token, int start, int end) {
        if (count == kinds.length) {
            kinds = Arrays.copyOf(kinds, 2 * count);
            tokens = Arrays.copyOf(tokens, 2 * count);
            starts = Arrays.copyOf(starts, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
        }
        kinds[count] = kind;
        tokens[count] = token;
        starts[count] = start;
        ends[count] = end;
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean isFull() {
        return count == LIMIT;
    }

    /** Says where the frames lie, and whether the buffer is to be released with the batch. */
    void lieIn(PooledBuffer newBuffer, boolean newOwned) {
        buffer = newBuffer;
        owned = newOwned;
    }

    boolean isLent() {
        return !owned;
    }

    boolean hasNext() {
        return next < count;
    }

    void takeNext(Taker taker) {
        PooledBuffer from = buffer;
        if (from == null) {
            throw new IllegalStateException("a batch without a buffer");
        }
        int i = next++;
        taker.take(kinds[i], tokens[i], from.view(starts[i], ends[i]));
    }

    /** Empties the batch and gives its buffer back. */
    void reset() {
        PooledBuffer done = buffer;
        buffer = null;
        count = 0;
        next = 0;
        if (done != null && owned) {
            done.release();
        }
    }
}
