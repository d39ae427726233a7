package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Memory taken from the JVM in one piece, cut into leaves of {@value #LEAF_BYTES} bytes; a block is a run of leaves.
 *
 * <p>Threading: Not thread-safe; guarded by its pool.
 */
final class Slab {
    /** What the smallest block takes, in bytes. */
    static final int LEAF_BYTES = 64 << 10;

    private final ByteBuffer memory;
    private final int leafCount;

    // Guarded by the pool.
    private final BitSet used;
    private int usedLeaves;

    Slab(ByteBuffer memory) {
        this.memory = memory;
        this.leafCount = (memory.capacity() + LEAF_BYTES - 1) / LEAF_BYTES;
        this.used = new BitSet(leafCount);
    }

    ByteBuffer memory() {
        return memory;
    }

    int bytes() {
        return memory.capacity();
    }

    /** How many bytes no block has; the last leaf counts in full. */
    long freeBytes() {
        return (long) (leafCount - usedLeaves) * LEAF_BYTES;
    }

    boolean isUnused() {
        return usedLeaves == 0;
    }

    /**
     * Finds a free run of leaves.
     *
     * @param bytes what it must hold
     * @return its first leaf, or -1 if there is none
     */
    int findRun(int bytes) {
        if ((long) (leafCount - usedLeaves) * LEAF_BYTES < bytes) {
            return -1;
        }
        for (int first = used.nextClearBit(0); first < leafCount; ) {
            int end = endOfRun(first);
            if (bytesBetween(first, end) >= bytes) {
                return first;
            }
            first = used.nextClearBit(end);
        }
        return -1;
    }

    /**
     * Takes leaves of a free run.
     *
     * @param first its first leaf
     * @param mostBytes how many bytes are wanted of it
     * @return the leaf after the last one taken
     */
    int take(int first, int mostBytes) {
        int wanted = (mostBytes + LEAF_BYTES - 1) / LEAF_BYTES;
        int end = Math.min(endOfRun(first), first + wanted);
        used.set(first, end);
        usedLeaves += end - first;
        return end;
    }

    void giveBack(int first, int end) {
        used.clear(first, end);
        usedLeaves -= end - first;
    }

    /** The last leaf may be shorter than the others. */
    int bytesBetween(int first, int end) {
        return (int) Math.min((long) end * LEAF_BYTES, memory.capacity()) - first * LEAF_BYTES;
    }

    private int endOfRun(int first) {
        int next = used.nextSetBit(first);
        return next < 0 ? leafCount : next;
    }
}
