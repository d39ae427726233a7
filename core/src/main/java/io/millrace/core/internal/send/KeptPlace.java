package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import org.jspecify.annotations.Nullable;

/** Stands in a send queue for a buffer that is out, and that others must not overtake. Guarded by the queue. */
final class KeptPlace extends Source {
    // OUT: neither is set; FILLED: the content is; DRAWN: the content is in the queue, in front of this.
    private @Nullable PooledBuffer content;
    private boolean drawn;

    /** Makes a place that is out. */
    KeptPlace() {
        // The frames in front are whole, and the buffer begins with one: a control frame may go between.
        startsFrame = true;
    }

    /** Takes the buffer back that was out. */
    void fill(PooledBuffer buffer) {
        content = buffer;
    }

    /** Returns whether the buffer is still out, so that nothing can be written from here on. */
    boolean isOut() {
        return content == null && !drawn;
    }

    @Override
    @Nullable
    Chunk draw(BufferPool buffers) {
        PooledBuffer filled = content;
        drawn = filled != null;
        content = null;
        return filled;
    }

    @Override
    boolean isExhausted() {
        return drawn;
    }

    @Override
    public void release() {
        if (content != null) {
            content.release();
        }
    }
}
