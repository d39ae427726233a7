package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several threads, seeded workloads of all sizes, a limit that they reach all the time. */
class BufferPoolStressTest {
    private static final int THREADS = 4;
    private static final int MIB = 1 << 20;

    private final BufferPool pool = new BufferPool(6L * MIB + 123_456);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void leasedRangesNeverOverlap(long seed) throws Exception {
        run(seed, 4_000);
    }

    @Test
    @Tag("heavy")
    void leasedRangesNeverOverlapInALongRun() throws Exception {
        for (long seed = 100; seed < 140; seed++) {
            run(seed, 40_000);
        }
    }

    private void run(long seed, int steps) throws Exception {
        long served = 0;
        for (long count : onThreads(thread -> lease(seed * THREADS + thread, steps))) {
            assertTrue(count > 0, "seed " + seed + ": a thread was never served");
            served += count;
        }
        BufferPoolStats stats = pool.stats();
        assertEquals(0, stats.leased(), "seed " + seed);
        assertEquals(0, stats.leasedBytes(), "seed " + seed);
        assertTrue(stats.capacityBytes() <= stats.limitBytes(), stats.toString());
        assertTrue(stats.reclaimedBlocks() > 0, "the sizes must have competed: " + stats);
        assertTrue(stats.peak() > 0 && stats.peak() <= served, stats.toString());
        PooledBuffer nearlyAll = pool.tryAcquire(4 * MIB);
        assertNotNull(nearlyAll, () -> "a free block cannot be reclaimed: " + pool.stats());
        nearlyAll.release();
    }

    /** One thread: phases that prefer one size each, every buffer marked from end to end with a number of its own. */
    private long lease(long seed, int steps) {
        Random random = new Random(seed);
        List<PooledBuffer> mine = new ArrayList<>();
        long served = 0;
        int preferredShift = 9;
        for (int step = 0; step < steps; step++) {
            if (step % 200 == 0) {
                preferredShift = 9 + random.nextInt(13);
                releaseAll(mine, random.nextInt(2));
            }
            if (mine.size() < 60 && random.nextInt(5) < 3) {
                PooledBuffer buffer =
                        pool.tryAcquire(1 << (random.nextInt(4) == 0 ? 9 + random.nextInt(13) : preferredShift));
                if (buffer != null) {
                    mark(buffer, seed);
                    mine.add(buffer);
                    served++;
                }
            } else if (!mine.isEmpty()) {
                PooledBuffer buffer = mine.remove(random.nextInt(mine.size()));
                expectMarked(buffer, seed);
                buffer.release();
            }
            if (step % 64 == 0) {
                BufferPoolStats stats = pool.stats();
                assertTrue(stats.capacityBytes() <= stats.limitBytes(), stats.toString());
            }
        }
        mine.forEach(buffer -> expectMarked(buffer, seed));
        releaseAll(mine, 0);
        return served;
    }

    private static void releaseAll(List<PooledBuffer> mine, int but) {
        while (mine.size() > but) {
            mine.remove(mine.size() - 1).release();
        }
    }

    private static void mark(PooledBuffer buffer, long seed) {
        long mark = seed << 32 | System.identityHashCode(buffer);
        for (int i = 0; i < buffer.capacity(); i += 512) {
            buffer.buffer().putLong(i, mark).putLong(i + 504, mark);
        }
    }

    private static void expectMarked(PooledBuffer buffer, long seed) {
        long mark = seed << 32 | System.identityHashCode(buffer);
        for (int i = 0; i < buffer.capacity(); i += 512) {
            assertEquals(mark, buffer.buffer().getLong(i), "a foreign mark");
            assertEquals(mark, buffer.buffer().getLong(i + 504), "a foreign mark");
        }
    }

    @ParameterizedTest
    @CsvSource({"512, 65536", "4096, 1048576"})
    void threadsThatWantDifferentSizesAreAllServedAtTheLimit(int small, int large) throws Exception {
        for (long count : onThreads(thread -> fillAndEmpty(thread % 2 == 0 ? small : large))) {
            assertTrue(count > 0, "a thread was never served");
        }
        assertEquals(0, pool.stats().leased());
    }

    /** Takes all there is and gives it back, until it was served often enough. */
    private long fillAndEmpty(int bytes) {
        long served = 0;
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (int round = 0; round < 200 || (served == 0 && System.nanoTime() - endNanos < 0); round++) {
            List<PooledBuffer> mine = new ArrayList<>();
            for (PooledBuffer next = pool.tryAcquire(bytes); next != null; next = pool.tryAcquire(bytes)) {
                mine.add(next);
            }
            served += mine.size();
            mine.forEach(PooledBuffer::release);
        }
        return served;
    }

    @Test
    void reservationsOfManyThreadsAddUpAndNeverPassTheLimit() throws Exception {
        long limit = pool.stats().limitBytes();
        onThreads(thread -> {
            Random random = new Random(thread);
            for (int i = 0; i < 20_000; i++) {
                long bytes = random.nextInt(3 * MIB);
                if (pool.tryReserve(bytes)) {
                    long reserved = pool.stats().foreignBytes();
                    assertTrue(reserved >= bytes && reserved <= limit, reserved + " of " + limit);
                    pool.unreserve(bytes);
                }
            }
            return 0L;
        });
        assertEquals(0, pool.stats().foreignBytes());
    }

    private interface Work {
        long run(int thread) throws Exception;
    }

    private static List<Long> onThreads(Work work) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<Long>> tasks = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int thread = t;
                tasks.add(() -> work.run(thread));
            }
            List<Long> results = new ArrayList<>();
            for (Future<Long> done : executor.invokeAll(tasks, 60, TimeUnit.SECONDS)) {
                results.add(done.get());
            }
            return results;
        } finally {
            executor.shutdownNow();
        }
    }
}
