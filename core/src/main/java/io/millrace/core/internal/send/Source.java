package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Stands in a send queue for bytes that are brought in a chunk at a time, so that memory for all is never needed. */
abstract class Source extends Chunk {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    Source() {
        sealed = true;
    }

    /** Returns the next chunk, which goes in front of this source; null if there is none yet. */
    abstract @Nullable Chunk draw(BufferPool buffers);

    /** Returns whether every chunk has been drawn. */
    abstract boolean isExhausted();

    @Override
    public final ByteBuffer buffer() {
        return NOTHING;
    }
}
