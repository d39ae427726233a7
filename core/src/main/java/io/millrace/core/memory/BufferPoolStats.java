package io.millrace.core.memory;

/**
 * A snapshot of a buffer pool. Immutable.
 *
 * @param limitBytes the most direct memory the pool may hold
 * @param capacityBytes the direct memory it holds
 * @param leased buffers leased now
 * @param leasedBytes bytes of the buffers leased now
 * @param peak the sum over all sizes of the most buffers ever leased at once
 * @param misses how often the pool had nothing to lease
 */
public record BufferPoolStats(
        long limitBytes, long capacityBytes, int leased, long leasedBytes, int peak, long misses) {}
