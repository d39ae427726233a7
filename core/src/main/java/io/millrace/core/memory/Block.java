package io.millrace.core.memory;

import org.jspecify.annotations.Nullable;

/**
 * A run of a slab's leaves while it is lent to one size class, and the buffers carved from it.
 *
 * <p>Threading: Not thread-safe; guarded by its size class.
 *
 * <p>Lifecycle: made by the pool, given up at most once, when none of its buffers is leased. Its buffers are never
 * leased again after that: they are reachable from here only, and the next user of the leaves makes a block of its own.
 */
final class Block {
    private final SizeClass home;
    private final Slab slab;
    private final int firstLeaf;
    private final int endLeaf;
    private final int bufferCount;

    // Guarded by the size class: its list of blocks that have a buffer to lease.
    @Nullable
    Block previous;

    @Nullable
    Block next;

    /** Guarded by the size class: whether it stands at the end of the list, and is counted there. */
    boolean spare;

    // Guarded by the size class.
    private @Nullable PooledBuffer free;
    private int carved;
    private int leased;

    Block(SizeClass home, Slab slab, int firstLeaf, int endLeaf) {
        this.home = home;
        this.slab = slab;
        this.firstLeaf = firstLeaf;
        this.endLeaf = endLeaf;
        this.bufferCount = slab.bytesBetween(firstLeaf, endLeaf) / home.bufferBytes();
    }

    SizeClass home() {
        return home;
    }

    int bufferCount() {
        return bufferCount;
    }

    boolean isEmpty() {
        return leased == 0;
    }

    boolean isExhausted() {
        return leased == bufferCount;
    }

    /** Takes a free buffer, of which there must be one. */
    PooledBuffer take() {
        PooledBuffer buffer = free;
        if (buffer != null) {
            free = (PooledBuffer) buffer.next;
        } else {
            buffer = carve();
        }
        leased++;
        return buffer;
    }

    /** Slices lazily: a block costs its objects only as far as it is used. */
    private PooledBuffer carve() {
        int bytes = home.bufferBytes();
        int start = firstLeaf * Slab.LEAF_BYTES + carved * bytes;
        carved++;
        return new PooledBuffer(this, slab.memory().slice(start, bytes));
    }

    void putBack(PooledBuffer buffer) {
        buffer.next = free;
        free = buffer;
        leased--;
    }

    /** Gives the leaves back to the slab. Guarded by the pool, and no longer by the size class, which has let go. */
    void giveBack() {
        free = null;
        slab.giveBack(firstLeaf, endLeaf);
    }
}
