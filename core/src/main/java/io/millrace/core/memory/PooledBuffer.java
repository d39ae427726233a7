package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A slice of one of the pool's direct blocks, leased to one owner at a time.
 *
 * <p>Threading: Not thread-safe; confined to whoever holds the lease.
 *
 * <p>Lifecycle: made once by {@link BufferPool}, then leased and released for as long as the pool lives.
 *
 * <p>Ownership: the holder of the lease owns {@link #buffer()}, its place in a chain and everything else here until
 * {@link #release()}.
 *
 * <p>Errors: a second release throws {@link IllegalStateException}.
 */
public final class PooledBuffer extends Chunk {
    private final SizeClass home;
    private final ByteBuffer buffer;
    // Confined to the holder of the lease; made on first use, because send buffers never need it.
    private @Nullable ByteBuffer view;
    // Guarded by home.
    private boolean leased;

    PooledBuffer(SizeClass home, ByteBuffer buffer) {
        this.home = home;
        this.buffer = buffer;
    }

    /**
     * Returns the bytes themselves: the buffer that channel operations read into and write from.
     *
     * @return a direct buffer; position 0 and limit = capacity when freshly leased
     */
    @Override
    public ByteBuffer buffer() {
        return buffer;
    }

    /**
     * Returns a second, independent window on the same bytes, to lend to application code without exposing the
     * position and limit that a channel operation depends on.
     *
     * @param from index of the first byte of the window
     * @param to index after the last byte of the window
     * @return the one view of this buffer, re-aimed and back in big-endian order
     */
    public ByteBuffer view(int from, int to) {
        ByteBuffer window = view;
        if (window == null) {
            window = buffer.duplicate();
            view = window;
        }
        return window.limit(to).position(from).order(ByteOrder.BIG_ENDIAN);
    }

    /**
     * Returns the number of bytes this buffer can hold.
     *
     * @return the capacity in bytes
     */
    public int capacity() {
        return buffer.capacity();
    }

    /**
     * Gives the buffer back to its pool.
     *
     * @throws IllegalStateException if it is not leased
     */
    @Override
    public void release() {
        home.release(this);
    }

    /** Guarded by home. */
    void markLeased() {
        leased = true;
        next = null;
        startsFrame = false;
        sealed = false;
        buffer.clear().order(ByteOrder.BIG_ENDIAN);
    }

    /** Guarded by home. */
    void markFree() {
        if (!leased) {
            throw new IllegalStateException("buffer of " + capacity() + " bytes released twice");
        }
        leased = false;
    }
}
