package io.millrace.core.memory;

import org.jspecify.annotations.Nullable;

/** The buffers of one size, in blocks. */
final class SizeClass {
    /*
     * Blocks that have a buffer to lease stand in a list:
     *
     *      first                                                     last
     *      | some buffers leased ...            | none leased: spare ... |
     *
     * Leasing takes from the first, so that the leases gather in few blocks and the others become empty; an empty one
     * is spare: it goes to the end, where the pool finds it when another size needs its memory. Only the first may be
     * empty and stay, until another comes before it: so one buffer leased and released over and over moves nothing. A
     * block with nothing left is in no list: its buffers know it, and the first of them that comes back puts it at the
     * front.
     *
     * Cannot deadlock: this lock is the inner one. The pool takes it while it holds its own; nothing is called from
     * here that takes another.
     */

    /** Keeps the blocks of the smallest buffers small, so that a pool of few blocks can serve several sizes. */
    private static final int MOST_PER_BLOCK = 128;

    private final int bufferBytes;
    private final int blockBytes;
    private final @Nullable LeaseTracker tracker;

    // Guarded by this.
    private @Nullable Block first;
    private @Nullable Block last;
    private int spareBlocks;
    private int leased;
    private int peak;
    private long misses;

    SizeClass(int bufferBytes, @Nullable LeaseTracker tracker) {
        this.bufferBytes = bufferBytes;
        this.blockBytes = bufferBytes * Math.min(Math.max(BufferPool.BLOCK_BYTES / bufferBytes, 1), MOST_PER_BLOCK);
        this.tracker = tracker;
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** The bytes of a block of the usual size. */
    int blockBytes() {
        return blockBytes;
    }

    /** The bytes to take from the JVM for a block: what several sizes share, unless half of that would lie idle. */
    int slabBytes() {
        return bufferBytes > BufferPool.BLOCK_BYTES / 2 ? bufferBytes : BufferPool.BLOCK_BYTES;
    }

    /** Leases a buffer of the blocks that are here, or answers null. */
    synchronized @Nullable PooledBuffer tryTake() {
        Block block = first;
        if (block == null) {
            return null;
        }
        if (block.spare) {
            block.spare = false;
            spareBlocks--;
        }
        PooledBuffer buffer = block.take();
        if (block.isExhausted()) {
            unlink(block);
        }
        buffer.markLeased();
        leased++;
        if (leased > peak) {
            peak = leased;
        }
        return buffer;
    }

    /** Adds a fresh block. */
    synchronized void add(Block block) {
        makeSpare(block);
    }

    /** Adds a fresh block and leases a buffer in one go, so that nobody else can empty it first. */
    synchronized @Nullable PooledBuffer addAndTake(Block block) {
        add(block);
        return tryTake();
    }

    void release(PooledBuffer buffer, Block block) {
        if (tracker != null) {
            tracker.released(buffer);
        }
        synchronized (this) {
            buffer.markFree();
            if (block.isExhausted()) {
                linkFirst(block);
            }
            block.putBack(buffer);
            leased--;
            if (block.isEmpty() && block != first) {
                unlink(block);
                makeSpare(block);
            }
        }
    }

    /** Lets go of a block that has no leased buffer, or answers null. */
    synchronized @Nullable Block tryGiveUp() {
        Block block = last;
        if (block != null && !block.isEmpty()) {
            block = first;
        }
        if (block == null || !block.isEmpty()) {
            return null;
        }
        unlink(block);
        if (block.spare) {
            spareBlocks--;
        }
        return block;
    }

    private void linkFirst(Block block) {
        Block second = first;
        if (second != null && second.isEmpty() && !second.spare) {
            unlink(second);
            makeSpare(second);
            second = first;
        }
        block.next = second;
        first = block;
        if (second == null) {
            last = block;
        } else {
            second.previous = block;
        }
    }

    private void linkLast(Block block) {
        Block before = last;
        block.previous = before;
        last = block;
        if (before == null) {
            first = block;
        } else {
            before.next = block;
        }
    }

    /** Puts a block without leased buffers where the pool finds it. */
    private void makeSpare(Block block) {
        linkLast(block);
        block.spare = true;
        spareBlocks++;
    }

    private void unlink(Block block) {
        Block before = block.previous;
        Block after = block.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        block.previous = null;
        block.next = null;
    }

    synchronized long emptyBytes() {
        boolean firstIsEmptyToo = first != null && first.isEmpty() && !first.spare;
        return (long) (spareBlocks + (firstIsEmptyToo ? 1 : 0)) * blockBytes;
    }

    synchronized void countMiss() {
        misses++;
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
