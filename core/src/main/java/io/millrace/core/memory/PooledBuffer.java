package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A slice of one of the pool's direct blocks, leased to one owner at a time.
 *
 * <p>Threading: Not thread-safe; confined to whoever holds the lease.
 *
 * <p>Lifecycle: made by {@link BufferPool}, then leased and released for as long as its size keeps its block.
 *
 * <p>Ownership: the holder of the lease owns {@link #buffer()}, its place in a chain and everything else here until
 * {@link #release()}; but for the parts that it shares, each of which is its own owner's.
 *
 * <p>Errors: a second release throws {@link IllegalStateException}.
 */
public final class PooledBuffer extends Chunk {
    private final Block block;
    private final ByteBuffer buffer;
    // Confined to the holder of the lease; made on first use, because send buffers never need it.
    private @Nullable ByteBuffer view;
    // Confined to the holder of the lease; made on first use, for few buffers are ever shared.
    private @Nullable Shares shares;
    // Guarded by the size class of the block.
    private boolean leased;

    PooledBuffer(Block block, ByteBuffer buffer) {
        this.block = block;
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
     * Makes a part of this buffer somebody else's, until that is released, which may happen on any thread. The holder
     * of the lease must not change those bytes while {@link #isShared()}. Costs no object once the buffer has had as
     * many parts before.
     *
     * @param from index of the first byte
     * @param to index after the last byte
     * @param room how many bytes in front of the first the part may write to as well
     * @return the part, the caller's
     */
    public SharedSlice share(int from, int to, int room) {
        Shares current = shares;
        if (current == null) {
            current = new Shares(this);
            shares = current;
        }
        return current.share(from, to, room);
    }

    /** {@return whether somebody else owns a part of this buffer now; asked by the holder of the lease} */
    public boolean isShared() {
        return shares != null && shares.isHeldByOthers();
    }

    /**
     * Gives the buffer back to its pool, at once or when nobody owns a part of it any more.
     *
     * @throws IllegalStateException if it is not leased
     */
    @Override
    public void release() {
        if (shares == null || shares.endLease()) {
            giveBack();
        }
    }

    void giveBack() {
        block.home().release(this, block);
    }

    /** Guarded by the size class of the block. */
    void markLeased() {
        leased = true;
        next = null;
        startsFrame = false;
        goesFirst = false;
        sealed = false;
        buffer.clear().order(ByteOrder.BIG_ENDIAN);
    }

    /** Guarded by the size class of the block. */
    void markFree() {
        if (!leased) {
            throw new IllegalStateException("buffer of " + capacity() + " bytes released twice");
        }
        leased = false;
    }

    /**
     * Makes another object for the same bytes, leased, and ends this one: whoever still holds it can be told from the
     * new owner. Only while this one is leased and nobody has it yet.
     */
    PooledBuffer renewed() {
        PooledBuffer renewed = new PooledBuffer(block, buffer.duplicate());
        renewed.leased = true;
        leased = false;
        return renewed;
    }
}
