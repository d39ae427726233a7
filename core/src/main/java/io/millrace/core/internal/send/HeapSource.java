package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import java.nio.ByteBuffer;

/**
 * A transferred heap buffer. A channel would copy all of it into a direct buffer of its own, and keep that; this copies
 * a chunk at a time into buffers of the pool.
 */
final class HeapSource extends Source {
    // Guarded by the queue.
    private final ByteBuffer content;
    private final Runnable release;

    /** Takes over a buffer: content is a duplicate of what the application has given away. */
    HeapSource(ByteBuffer content, Runnable release) {
        this.content = content;
        this.release = release;
    }

    @Override
    Chunk draw(BufferPool buffers) {
        int bytes = Math.min(content.remaining(), SendQueue.CHUNK_BYTES);
        PooledBuffer direct = buffers.tryAcquire(bytes);
        ByteBuffer slice = content.slice(content.position(), bytes);
        content.position(content.position() + bytes);
        if (direct == null) {
            // The channel copies this one slice: better than to wait for memory that may never come.
            return new TransferredChunk(slice, () -> {});
        }
        direct.buffer().put(slice);
        return direct;
    }

    @Override
    boolean isExhausted() {
        return !content.hasRemaining();
    }

    @Override
    public void release() {
        release.run();
    }
}
