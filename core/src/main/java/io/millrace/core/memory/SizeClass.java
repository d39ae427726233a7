package io.millrace.core.memory;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The buffers of one size: a stack of free ones, and the block that new ones are carved from. */
final class SizeClass {
    /** Keeps the blocks of the smallest buffers small, so that a pool of few blocks can serve several sizes. */
    private static final int MOST_PER_BLOCK = 128;

    private final BufferPool pool;
    private final int bufferBytes;
    private final int blockBytes;

    // Guarded by this.
    private @Nullable PooledBuffer free;
    private @Nullable ByteBuffer block;
    private int leased;
    private int peak;
    private long misses;

    SizeClass(BufferPool pool, int bufferBytes) {
        this.pool = pool;
        this.bufferBytes = bufferBytes;
        this.blockBytes = bufferBytes * Math.min(Math.max(BufferPool.BLOCK_BYTES / bufferBytes, 1), MOST_PER_BLOCK);
    }

    int bufferBytes() {
        return bufferBytes;
    }

    synchronized @Nullable PooledBuffer tryAcquire() {
        PooledBuffer buffer = free;
        if (buffer != null) {
            free = (PooledBuffer) buffer.next;
        } else {
            buffer = carve();
            if (buffer == null) {
                misses++;
                return null;
            }
        }
        buffer.markLeased();
        leased++;
        peak = Math.max(peak, leased);
        return buffer;
    }

    synchronized void release(PooledBuffer buffer) {
        buffer.markFree();
        buffer.next = free;
        free = buffer;
        leased--;
    }

    /** Slices lazily: a block costs its objects only as far as it is used. */
    private @Nullable PooledBuffer carve() {
        ByteBuffer source = block;
        if (source == null || source.remaining() < bufferBytes) {
            source = pool.tryAllocateBlock(blockBytes);
            if (source == null) {
                return null;
            }
            block = source;
        }
        int start = source.position();
        source.position(start + bufferBytes);
        return new PooledBuffer(this, source.slice(start, bufferBytes));
    }

    synchronized int leased() {
        return leased;
    }

    synchronized int peak() {
        return peak;
    }

    synchronized long misses() {
        return misses;
    }
}
