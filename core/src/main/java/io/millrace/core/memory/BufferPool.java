package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded pool of direct buffers, carved from large blocks so that memory neither fragments nor moves.
 *
 * <p>Sizes are powers of two from {@value #SMALLEST_BYTES} bytes; from 64 KiB on each has {@value #SLACK_BYTES} bytes
 * more, so that a power-of-two payload and its prefix share one buffer. An exhausted pool answers null at once: the
 * caller carries on with what it has, or refuses. It never waits for a release.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: lives as long as its group. At its limit a block that has no leased buffer passes to the size that
 * needs it.
 *
 * <p>Ownership: a leased {@link PooledBuffer} belongs to its holder until {@link PooledBuffer#release()}.
 *
 * <p>Errors: running out is a null answer, counted in {@link BufferPoolStats#misses()}.
 */
public final class BufferPool {
    /*
     *      JVM --> Slab: one direct buffer, in leaves of 64 KiB
     *                 --> Block: a run of leaves, lent to one SizeClass while any of its buffers is leased
     *                       --> PooledBuffer
     *
     * Leasing and releasing touch the size class only. Whoever finds none of its size comes here, and looks for a
     * block in this order: leaves that are free, a new slab, the empty blocks of other sizes (of the size that has most
     * of them first), fewer leaves than usual, and at last room for a new slab, by dropping unused ones.
     *
     * Notes. Dropping is for sizes that no slab can hold; the JVM gets that memory back when its collector has run, so
     * until then more may be held than the limit. A pool of ordinary sizes never drops: the same memory is cut anew.
     * This lock is held while the JVM allocates and clears memory, so that of many threads that need some only one
     * asks for it; what is leased and released meanwhile is not delayed. Cannot deadlock: the order is this, then one
     * size class.
     */

    /** The smallest buffer, in bytes: what an idle connection holds. */
    public static final int SMALLEST_BYTES = 512;

    /** What buffers of 64 KiB and more have beyond a power of two, in bytes: room for a prefix. */
    public static final int SLACK_BYTES = 4096;

    /** The most bytes of a direct block that holds several buffers; a larger buffer is a block of its own. */
    public static final int BLOCK_BYTES = 1 << 20;

    /** The largest buffer any pool makes, in bytes: 1 GiB and the slack. */
    public static final int LARGEST_BYTES = (1 << 30) + SLACK_BYTES;

    private static final Logger log = LoggerFactory.getLogger(BufferPool.class);
    private static final int SMALLEST_SHIFT = Integer.numberOfTrailingZeros(SMALLEST_BYTES);
    private static final int SLACK_FROM_SHIFT = 16;
    private static final int LARGEST_SHIFT = 30;
    private static final int RESERVE_PARTS = 8;
    /** The part of the limit that buffers of one size may lie idle in, see {@link #mayLieIdle}. */
    private static final int IDLE_PARTS = 16;

    private final SizeClass[] classes = new SizeClass[LARGEST_SHIFT - SMALLEST_SHIFT + 1];
    private final @Nullable LeaseTracker tracker;
    private final long foreignLimitBytes;

    // Atomic: what the application has lent us of its own memory.
    private final AtomicLong foreignBytes = new AtomicLong();

    // Guarded by this. The limit only ever falls: to what the JVM really has, when that turns out to be less.
    private final List<Slab> slabs = new ArrayList<>();
    private long limitBytes;
    private long capacityBytes;
    private long mostCapacityBytes;
    private long reclaimedBlocks;

    // Written under this; read by anyone.
    private volatile boolean scarce;

    /**
     * Makes an empty pool; memory is taken slab by slab as it is needed.
     *
     * @param limitBytes the most direct memory to hold, in bytes; at least one block
     */
    public BufferPool(long limitBytes) {
        this(limitBytes, null);
    }

    /**
     * Makes an empty pool that can be watched.
     *
     * @param limitBytes the most direct memory to hold, in bytes; at least one block
     * @param tracker remembers where buffers are leased and released; or null, which costs nothing
     */
    public BufferPool(long limitBytes, @Nullable LeaseTracker tracker) {
        if (limitBytes < BLOCK_BYTES) {
            throw new IllegalArgumentException(
                    "bufferMemory is " + limitBytes + " bytes; it must be at least " + BLOCK_BYTES + " (one block)");
        }
        this.limitBytes = limitBytes;
        this.foreignLimitBytes = limitBytes;
        this.tracker = tracker;
        for (int i = 0; i < classes.length; i++) {
            int shift = SMALLEST_SHIFT + i;
            classes[i] = new SizeClass((1 << shift) + (shift < SLACK_FROM_SHIFT ? 0 : SLACK_BYTES), tracker);
        }
    }

    /**
     * Leases a buffer of at least the given size, if there is one to be had without waiting.
     *
     * @param minimumBytes the least capacity wanted, in bytes, from 0 to {@link #LARGEST_BYTES}
     * @return a cleared buffer, or null if the pool is at its limit
     */
    public @Nullable PooledBuffer tryAcquire(int minimumBytes) {
        SizeClass sizeClass = classes[classIndex(minimumBytes)];
        PooledBuffer buffer = sizeClass.tryTake();
        if (buffer == null) {
            buffer = tryTakeOfNewBlock(sizeClass);
        }
        return tracker == null || buffer == null ? buffer : tracker.acquired(buffer);
    }

    /**
     * Returns the capacity of the buffer that {@link #tryAcquire} would lease.
     *
     * @param minimumBytes the least capacity wanted, in bytes, from 0 to {@link #LARGEST_BYTES}
     * @return the capacity of that size class, in bytes
     */
    public int roundUp(int minimumBytes) {
        return classes[classIndex(minimumBytes)].bufferBytes();
    }

    /**
     * Takes the memory of buffers that will be leased later. Other sizes may use it at the limit.
     *
     * @param minimumBytes the least capacity of each, in bytes, from 0 to {@link #LARGEST_BYTES}
     * @param count how many
     * @return false if the limit or the JVM does not allow as many
     */
    public synchronized boolean tryPreallocate(int minimumBytes, int count) {
        SizeClass sizeClass = classes[classIndex(minimumBytes)];
        for (long left = count; left > 0; ) {
            Block block = cut(sizeClass, sizeClass.blockBytes());
            if (block == null && tryAddSlab(sizeClass)) {
                block = cut(sizeClass, sizeClass.bufferBytes());
            }
            if (block == null) {
                return false;
            }
            sizeClass.add(block);
            left -= block.bufferCount();
        }
        return true;
    }

    /**
     * Counts memory of the application's own that was handed over for sending, against as many bytes as the pool may
     * hold.
     *
     * @param bytes how many, from 0
     * @return false if that would be more than the limit; nothing was counted then
     */
    public boolean tryReserve(long bytes) {
        requireNotNegative(bytes);
        long before = foreignBytes.get();
        while (bytes <= foreignLimitBytes - before) {
            long witness = foreignBytes.compareAndExchange(before, before + bytes);
            if (witness == before) {
                return true;
            }
            before = witness;
        }
        return false;
    }

    /**
     * Takes back what {@link #tryReserve} has counted.
     *
     * @param bytes how many, from 0
     * @throws IllegalStateException if fewer are counted; nothing is changed then
     */
    public void unreserve(long bytes) {
        requireNotNegative(bytes);
        long before = foreignBytes.get();
        while (bytes <= before) {
            long witness = foreignBytes.compareAndExchange(before, before - bytes);
            if (witness == before) {
                return;
            }
            before = witness;
        }
        throw new IllegalStateException("unreserved " + bytes + " bytes, of which only " + before
                + " were reserved: a transferred buffer was given back twice");
    }

    private static void requireNotNegative(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes is " + bytes + "; it must be at least 0");
        }
    }

    /**
     * Returns whether so little is left that it should be kept for those who hold little. One part in
     * {@value #RESERVE_PARTS} is: what is less than that, in blocks that nobody uses, is scarce.
     *
     * @return true from when a block had to be found and little was left, until enough is free again
     */
    public boolean isScarce() {
        return scarce && lookWhetherScarce();
    }

    private synchronized boolean lookWhetherScarce() {
        long freeBytes = limitBytes - capacityBytes;
        for (Slab slab : slabs) {
            freeBytes += slab.freeBytes();
        }
        for (SizeClass sizeClass : classes) {
            freeBytes += sizeClass.emptyBytes();
        }
        scarce = freeBytes < limitBytes / RESERVE_PARTS;
        return scarce;
    }

    /**
     * Returns whether a large buffer may be kept while nothing is done with it: as long as all leased ones of its size
     * make up at most one part in {@value #IDLE_PARTS} of the limit.
     *
     * @param minimumBytes the least capacity wanted, in bytes, from 0 to {@link #LARGEST_BYTES}
     * @return false if those who only wait should do with a small one
     */
    public boolean mayLieIdle(int minimumBytes) {
        SizeClass sizeClass = classes[classIndex(minimumBytes)];
        return (long) sizeClass.leased() * sizeClass.bufferBytes() <= foreignLimitBytes / IDLE_PARTS;
    }

    /**
     * Returns what watches the leases.
     *
     * @return the tracker, or null if nothing does
     */
    public @Nullable LeaseTracker tracker() {
        return tracker;
    }

    /**
     * Returns a snapshot of the pool's counters.
     *
     * @return the counters, each consistent in itself
     */
    public BufferPoolStats stats() {
        int leased = 0;
        long leasedBytes = 0;
        int peak = 0;
        long misses = 0;
        for (SizeClass sizeClass : classes) {
            int leasedHere = sizeClass.leased();
            leased += leasedHere;
            leasedBytes += (long) leasedHere * sizeClass.bufferBytes();
            peak += sizeClass.peak();
            misses += sizeClass.misses();
        }
        synchronized (this) {
            return new BufferPoolStats(
                    limitBytes, capacityBytes, leased, leasedBytes, peak, misses, reclaimedBlocks, foreignBytes.get());
        }
    }

    /** Nothing of this size is free: makes a block, unless another thread has done so meanwhile. */
    private synchronized @Nullable PooledBuffer tryTakeOfNewBlock(SizeClass sizeClass) {
        PooledBuffer buffer = sizeClass.tryTake();
        if (buffer != null) {
            return buffer;
        }
        Block block = tryMakeBlock(sizeClass);
        lookWhetherScarce();
        if (block == null) {
            sizeClass.countMiss();
            return null;
        }
        return sizeClass.addAndTake(block);
    }

    /** Guarded by this. */
    private @Nullable Block tryMakeBlock(SizeClass sizeClass) {
        Block block = cut(sizeClass, sizeClass.blockBytes());
        if (block != null) {
            return block;
        }
        boolean grown = tryAddSlab(sizeClass);
        // Whole blocks as long as they can be had: small remains waste what does not divide by the size.
        while (block == null && !grown && tryReclaimBlock()) {
            block = cut(sizeClass, sizeClass.blockBytes());
        }
        if (block == null) {
            block = cut(sizeClass, sizeClass.bufferBytes());
        }
        if (block == null && tryDropSlabs(sizeClass) && tryAddSlab(sizeClass)) {
            block = cut(sizeClass, sizeClass.bufferBytes());
        }
        return block;
    }

    /** Cuts a block from free leaves, of the usual size or as much of it as is there. Guarded by this. */
    private @Nullable Block cut(SizeClass sizeClass, int leastBytes) {
        for (Slab slab : slabs) {
            int first = slab.findRun(leastBytes);
            if (first >= 0) {
                return new Block(sizeClass, slab, first, slab.take(first, sizeClass.blockBytes()));
            }
        }
        return null;
    }

    /** Takes back one block of another size; false if none is empty. Guarded by this. */
    private boolean tryReclaimBlock() {
        SizeClass richest = classes[0];
        long mostBytes = 0;
        for (SizeClass candidate : classes) {
            long emptyBytes = candidate.emptyBytes();
            if (emptyBytes > mostBytes) {
                mostBytes = emptyBytes;
                richest = candidate;
            }
        }
        if (mostBytes == 0) {
            return false;
        }
        Block block = richest.tryGiveUp();
        if (block != null) {
            block.giveBack();
            reclaimedBlocks++;
        }
        // Somebody may have leased from it in between: the caller looks again.
        return true;
    }

    /** Drops unused slabs if that makes room for one that holds a buffer of this size. Guarded by this. */
    private boolean tryDropSlabs(SizeClass sizeClass) {
        long missing = capacityBytes + sizeClass.bufferBytes() - limitBytes;
        long unused =
                slabs.stream().filter(Slab::isUnused).mapToLong(Slab::bytes).sum();
        if (unused == 0 || unused < missing) {
            return false;
        }
        for (Iterator<Slab> each = slabs.iterator(); each.hasNext() && missing > 0; ) {
            Slab slab = each.next();
            if (slab.isUnused()) {
                each.remove();
                capacityBytes -= slab.bytes();
                missing -= slab.bytes();
            }
        }
        return true;
    }

    /** Takes a slab from the JVM that holds a buffer of this size at least. Guarded by this. */
    private boolean tryAddSlab(SizeClass sizeClass) {
        int bytes = (int) Math.min(sizeClass.slabBytes(), limitBytes - capacityBytes);
        if (bytes < sizeClass.bufferBytes()) {
            return false;
        }
        try {
            slabs.add(new Slab(ByteBuffer.allocateDirect(bytes)));
            capacityBytes += bytes;
            mostCapacityBytes = Math.max(mostCapacityBytes, capacityBytes);
            return true;
        } catch (OutOfMemoryError e) {
            // The JVM has less direct memory than we were promised. Asking again would stall an I/O thread in the
            // JDK's own retries each time, so the most that we ever held becomes the limit. (What was dropped for this
            // size and is not collected yet does not count against it: it will be there again.)
            if (mostCapacityBytes < limitBytes) {
                limitBytes = mostCapacityBytes;
                log.warn(
                        "direct memory exhausted; buffer pool stays at {} bytes:"
                                + " raise -XX:MaxDirectMemorySize or lower bufferMemory",
                        limitBytes);
            }
            return false;
        }
    }

    private static int classIndex(int minimumBytes) {
        if (minimumBytes > LARGEST_BYTES) {
            throw new IllegalArgumentException(
                    "no buffer of " + minimumBytes + " bytes; the largest is " + LARGEST_BYTES);
        }
        int powerOfTwo = ceilingShift(minimumBytes);
        if (powerOfTwo > SLACK_FROM_SHIFT && minimumBytes <= (1 << (powerOfTwo - 1)) + SLACK_BYTES) {
            powerOfTwo--;
        }
        return Math.max(powerOfTwo, SMALLEST_SHIFT) - SMALLEST_SHIFT;
    }

    private static int ceilingShift(int bytes) {
        return bytes <= 1 ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1);
    }
}
