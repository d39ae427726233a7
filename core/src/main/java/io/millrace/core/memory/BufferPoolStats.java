package io.millrace.core.memory;

/**
 * A snapshot of a buffer pool. Immutable.
 *
 * @param limitBytes the most direct memory the pool may hold
 * @param capacityBytes the direct memory it holds
 * @param leased buffers leased now
 * @param leasedBytes bytes of the buffers leased now
 * @param peak the sum over all sizes of the most buffers ever leased at once: never less than the most of all sizes
 *     together, and more only if different sizes had their peaks at different times. (To count that exactly, all
 *     sizes would have to share a counter.)
 * @param misses how often the pool had nothing to lease
 * @param reclaimedBlocks how often a block was taken from one size for another
 * @param foreignBytes bytes of the application's own buffers that wait to be written
 */
public record BufferPoolStats(
        long limitBytes,
        long capacityBytes,
        int leased,
        long leasedBytes,
        int peak,
        long misses,
        long reclaimedBlocks,
        long foreignBytes) {}
