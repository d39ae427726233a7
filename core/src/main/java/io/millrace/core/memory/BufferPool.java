package io.millrace.core.memory;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded pool of direct buffers, carved from large blocks so that memory neither fragments nor moves.
 *
 * <p>Sizes are powers of two from {@value #SMALLEST_BYTES} bytes; from 64 KiB on each has {@value #SLACK_BYTES} bytes
 * more, so that a power-of-two payload and its prefix share one buffer. An exhausted pool answers null at once: the
 * caller carries on with what it has, or refuses. It never waits.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: lives as long as its group. Blocks are never given back one by one; they go with the pool.
 *
 * <p>Ownership: a leased {@link PooledBuffer} belongs to its holder until {@link PooledBuffer#release()}.
 *
 * <p>Errors: running out is a null answer, counted in {@link BufferPoolStats#misses()}.
 */
public final class BufferPool {
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

    private final SizeClass[] classes = new SizeClass[LARGEST_SHIFT - SMALLEST_SHIFT + 1];

    // Guarded by this. The limit only ever falls: to what the JVM really has, when that turns out to be less.
    private long limitBytes;
    private long capacityBytes;

    /**
     * Makes an empty pool; memory is taken block by block as it is needed.
     *
     * @param limitBytes the most direct memory to hold, in bytes; at least one block
     */
    public BufferPool(long limitBytes) {
        if (limitBytes < BLOCK_BYTES) {
            throw new IllegalArgumentException(
                    "bufferMemory is " + limitBytes + " bytes; it must be at least " + BLOCK_BYTES + " (one block)");
        }
        this.limitBytes = limitBytes;
        for (int i = 0; i < classes.length; i++) {
            int shift = SMALLEST_SHIFT + i;
            classes[i] = new SizeClass(this, (1 << shift) + (shift < SLACK_FROM_SHIFT ? 0 : SLACK_BYTES));
        }
    }

    /**
     * Leases a buffer of at least the given size, if there is one to be had without waiting.
     *
     * @param minimumBytes the least capacity wanted, in bytes, from 0 to {@link #LARGEST_BYTES}
     * @return a cleared buffer, or null if the pool is at its limit
     */
    public @Nullable PooledBuffer tryAcquire(int minimumBytes) {
        return classes[classIndex(minimumBytes)].tryAcquire();
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
            return new BufferPoolStats(limitBytes, capacityBytes, leased, leasedBytes, peak, misses);
        }
    }

    @Nullable
    ByteBuffer tryAllocateBlock(int bytes) {
        synchronized (this) {
            if (capacityBytes + bytes > limitBytes) {
                return null;
            }
            capacityBytes += bytes;
        }
        try {
            return ByteBuffer.allocateDirect(bytes);
        } catch (OutOfMemoryError e) {
            // The JVM has less direct memory than we were promised. Asking again would stall an I/O thread in the
            // JDK's own retries each time, so what we hold now becomes the limit.
            synchronized (this) {
                capacityBytes -= bytes;
                limitBytes = Math.min(limitBytes, capacityBytes);
                log.warn(
                        "direct memory exhausted; buffer pool stays at {} bytes:"
                                + " raise -XX:MaxDirectMemorySize or lower bufferMemory",
                        capacityBytes);
            }
            return null;
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
