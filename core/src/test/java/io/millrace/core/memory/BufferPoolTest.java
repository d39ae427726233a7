package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BufferPoolTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private final BufferPool pool = new BufferPool(64L * MIB);

    private static PooledBuffer acquire(BufferPool pool, int bytes) {
        PooledBuffer buffer = pool.tryAcquire(bytes);
        assertNotNull(buffer, () -> "no buffer of " + bytes);
        return buffer;
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 512",
        "0, 512",
        "1, 512",
        "512, 512",
        "513, 1024",
        "1024, 1024",
        "1025, 2048",
        "32768, 32768",
        "32769, 69632",
        "65536, 69632",
        "69632, 69632",
        "69633, 135168",
        "131072, 135168",
        "135169, 266240",
        "1048576, 1052672",
        "1052672, 1052672",
        "1052673, 2101248",
        "16777216, 16781312",
        "16777220, 16781312"
    })
    void capacityIsThePowerOfTwoAndSlackFrom64KiB(int minimum, int capacity) {
        assertEquals(capacity, pool.roundUp(minimum));
        PooledBuffer buffer = acquire(pool, minimum);
        assertEquals(capacity, buffer.capacity());
        assertEquals(capacity, buffer.buffer().remaining());
        assertTrue(buffer.buffer().isDirect());
        buffer.release();
    }

    @Test
    void roundUpAgreesWithAcquireForRandomSizes() {
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            int minimum = random.nextInt(1 << (1 + random.nextInt(22)));
            PooledBuffer buffer = acquire(pool, minimum);
            assertEquals(pool.roundUp(minimum), buffer.capacity());
            assertTrue(buffer.capacity() >= minimum);
            buffer.release();
        }
    }

    @Test
    void largestSizeIsRoundedAndOneMoreIsRefused() {
        assertEquals(BufferPool.LARGEST_BYTES, pool.roundUp(1 << 30));
        assertEquals(BufferPool.LARGEST_BYTES, pool.roundUp(BufferPool.LARGEST_BYTES));
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> pool.roundUp(BufferPool.LARGEST_BYTES + 1));
        assertTrue(String.valueOf(refused.getMessage()).contains("1073745921"), refused.getMessage());
    }

    @Test
    void poolSmallerThanOneBlockIsRefusedByName() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new BufferPool(BufferPool.BLOCK_BYTES - 1));
        assertTrue(String.valueOf(refused.getMessage()).contains("bufferMemory is 1048575"), refused.getMessage());
    }

    @Test
    void secondReleaseThrowsAndHarmsNothing() {
        PooledBuffer buffer = acquire(pool, 512);
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::release);
        assertEquals(0, pool.stats().leased());
        PooledBuffer first = acquire(pool, 512);
        PooledBuffer second = acquire(pool, 512);
        assertTrue(first != second, "one buffer was leased twice");
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 32 << 10, 64 << 10, 512 << 10})
    void limitIsNeverExceededAndMissesAreCounted(int bytes) {
        BufferPool small = new BufferPool(2L * MIB);
        List<PooledBuffer> leased = new ArrayList<>();
        PooledBuffer next;
        while ((next = small.tryAcquire(bytes)) != null) {
            leased.add(next);
        }
        BufferPoolStats full = small.stats();
        assertTrue(full.capacityBytes() <= full.limitBytes(), full.toString());
        assertTrue(full.leasedBytes() <= full.capacityBytes(), full.toString());
        assertEquals(leased.size(), full.leased());
        assertEquals(1, full.misses());
        assertNull(small.tryAcquire(bytes));
        assertEquals(2, small.stats().misses());
        leased.remove(0).release();
        assertNotNull(small.tryAcquire(bytes), "what was released is there again");
    }

    @Test
    void bufferBeyondTheLimitIsRefusedWithoutMemoryBeingTaken() {
        BufferPool small = new BufferPool(MIB);
        assertNull(small.tryAcquire(MIB));
        assertEquals(0, small.stats().capacityBytes());
    }

    @Test
    void buffersOfAllSizesDoNotOverlap() {
        List<PooledBuffer> leased = new ArrayList<>();
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            PooledBuffer buffer = acquire(pool, 1 << (9 + random.nextInt(9)));
            fill(buffer, (byte) i);
            leased.add(buffer);
        }
        for (int i = 0; i < leased.size(); i++) {
            expectFilled(leased.get(i), (byte) i);
        }
        leased.forEach(PooledBuffer::release);
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void releasedMemoryIsUsedAgainBeforeMoreIsTaken() {
        for (int i = 0; i < 10_000; i++) {
            acquire(pool, 4 * KIB).release();
        }
        assertEquals(BufferPool.BLOCK_BYTES, pool.stats().capacityBytes(), "one slab, which several sizes share");
        assertEquals(1, pool.stats().peak());
    }

    @Test
    void leasedBufferIsClearedAndUnlinked() {
        PooledBuffer buffer = acquire(pool, 512);
        buffer.buffer().position(3).limit(7);
        buffer.next = buffer;
        buffer.release();
        PooledBuffer again = acquire(pool, 512);
        assertEquals(0, again.buffer().position());
        assertEquals(512, again.buffer().limit());
        assertNull(again.next);
    }

    @Test
    void viewShowsTheWindowInBigEndianAndLeavesTheBufferAlone() {
        PooledBuffer buffer = acquire(pool, 512);
        buffer.buffer().putInt(100, 0x01020304).position(9).limit(20);
        buffer.view(0, 512).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer view = buffer.view(100, 104);
        assertEquals(0x01020304, view.getInt());
        assertEquals(0, view.remaining());
        assertEquals(9, buffer.buffer().position());
        assertEquals(20, buffer.buffer().limit());
        assertEquals(1, buffer.view(0, 1).remaining(), "a window before the last one");
    }

    @Test
    void threadsNeverSeeEachOthersBytes() throws Exception {
        int threads = 8;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            byte mark = (byte) t;
            done.add(executor.submit(() -> leaseAndCheck(mark)));
        }
        for (Future<?> one : done) {
            one.get(30, TimeUnit.SECONDS);
        }
        executor.shutdown();
        assertEquals(0, pool.stats().leased());
        assertEquals(0, pool.stats().leasedBytes());
    }

    private void leaseAndCheck(byte mark) {
        Random random = new Random(mark);
        List<PooledBuffer> mine = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            if (mine.size() < 4 && random.nextBoolean()) {
                PooledBuffer buffer = acquire(pool, 1 << (9 + random.nextInt(3)));
                fill(buffer, mark);
                mine.add(buffer);
            } else if (!mine.isEmpty()) {
                PooledBuffer buffer = mine.remove(random.nextInt(mine.size()));
                expectFilled(buffer, mark);
                buffer.release();
            }
        }
        mine.forEach(PooledBuffer::release);
    }

    private static void fill(PooledBuffer buffer, byte mark) {
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.buffer().put(i, mark);
        }
    }

    private static void expectFilled(PooledBuffer buffer, byte mark) {
        for (int i = 0; i < buffer.capacity(); i++) {
            if (buffer.buffer().get(i) != mark) {
                throw new AssertionError("foreign byte " + buffer.buffer().get(i) + " at " + i + ", mine is " + mark);
            }
        }
    }

    @Test
    void lastPartOfTheMemoryIsCalledScarceUntilEnoughIsFreeAgain() {
        BufferPool small = new BufferPool(8L << 20);
        List<PooledBuffer> held = new ArrayList<>();
        assertFalse(small.isScarce());
        for (int i = 0; i < 3; i++) {
            held.add(acquire(small, 1 << 20));
        }
        assertFalse(small.isScarce());
        PooledBuffer more;
        while ((more = small.tryAcquire(60 << 10)) != null) {
            held.add(more);
        }
        assertTrue(small.isScarce());
        held.forEach(PooledBuffer::release);
        assertFalse(small.isScarce());
    }
}
