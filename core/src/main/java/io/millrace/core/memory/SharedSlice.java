package io.millrace.core.memory;

import java.nio.ByteBuffer;

/**
 * A part of a leased buffer that somebody else than the holder of the lease owns: a received message on its way into a
 * send queue.
 *
 * <p>Threading: Not thread-safe; confined to, or guarded by, the owner of its chain.
 *
 * <p>Lifecycle: made by {@link PooledBuffer#share}, and used again when the buffer is.
 *
 * <p>Ownership: the bytes between position and limit are the slice's until {@link #release()}; the buffer goes back to
 * its pool when its lease and all its slices have been released.
 *
 * <p>Errors: a second release throws {@link IllegalStateException}.
 */
public final class SharedSlice extends Chunk {
    private final Shares shares;
    private final ByteBuffer window;

    // Confined to the owner.
    private int room;
    /** Whether somebody owns this slice: it has been opened and not released. */
    private boolean out;

    SharedSlice(Shares shares, ByteBuffer window) {
        this.shares = shares;
        this.window = window;
    }

    /** Begins another life of this slice, with other bytes. Called by the holder of the lease, while nobody owns it. */
    void open(int from, int to, int newRoom) {
        window.limit(to).position(from);
        room = newRoom;
        out = true;
        next = null;
        startsFrame = false;
        goesFirst = false;
        sealed = true;
    }

    @Override
    public ByteBuffer buffer() {
        return window;
    }

    /**
     * Returns how many bytes in front of the position are this slice's too, to put a header there.
     *
     * @return bytes
     */
    public int room() {
        return room;
    }

    /**
     * Takes over another slice that begins where this one ends, if it is of the same buffer.
     *
     * @param following the other one; released if this returns true
     * @return false if it lies elsewhere
     */
    public boolean tryJoin(SharedSlice following) {
        if (following.shares != shares || following.window.position() != window.limit()) {
            return false;
        }
        window.limit(following.window.limit());
        // Never the last holder, for this slice is one.
        following.release();
        return true;
    }

    @Override
    public void release() {
        if (!out) {
            throw new IllegalStateException("slice of a shared buffer released twice");
        }
        out = false;
        shares.letGo();
    }
}
