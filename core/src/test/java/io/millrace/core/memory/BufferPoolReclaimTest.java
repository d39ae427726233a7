package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A pool at its limit, whose workload changes its sizes. */
class BufferPoolReclaimTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private final BufferPool pool = new BufferPool(4L * MIB);

    private List<PooledBuffer> acquireAll(int bytes) {
        List<PooledBuffer> leased = new ArrayList<>();
        for (PooledBuffer next = pool.tryAcquire(bytes); next != null; next = pool.tryAcquire(bytes)) {
            leased.add(next);
        }
        return leased;
    }

    private void expectWithinLimit() {
        BufferPoolStats stats = pool.stats();
        assertTrue(stats.capacityBytes() <= stats.limitBytes(), stats.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "512, 65536, 100",
        "65536, 512, 100",
        "4096, 131072, 100",
        "1048576, 4096, 98",
        "131072, 262144, 100",
        // A shared slab of 1 MiB holds one of these and its slack, where a slab of its own wastes nothing.
        "512, 524288, 55",
        "2097152, 512, 98",
        "512, 2097152, 100",
        "2097152, 1048576, 66",
        "1048576, 2097152, 100"
    })
    void whatOneSizeHasFreedServesAnother(int first, int second, int percent) {
        int most = acquireOnFreshPool(second);
        List<PooledBuffer> leased = acquireAll(first);
        List<PooledBuffer> other = acquireAll(second);
        assertTrue(other.size() < most, "the limit was eaten, nearly or whole");
        leased.forEach(PooledBuffer::release);
        other.addAll(acquireAll(second));
        assertTrue(other.size() * 100 >= most * percent, other.size() + " instead of " + most);
        assertTrue(pool.stats().reclaimedBlocks() > 0, pool.stats().toString());
        expectWithinLimit();
        other.forEach(PooledBuffer::release);
        int again = acquireAll(first).size();
        assertTrue(again * 3 >= leased.size() * 2, again + " instead of " + leased.size());
        expectWithinLimit();
    }

    private static int acquireOnFreshPool(int bytes) {
        BufferPool fresh = new BufferPool(4L * MIB);
        int count = 0;
        while (fresh.tryAcquire(bytes) != null) {
            count++;
        }
        return count;
    }

    @Test
    void workloadThatMovesThroughAllSizesKeepsBeingServed() {
        for (int round = 0; round < 3; round++) {
            for (int bytes = 512; bytes <= 2 * MIB; bytes *= 2) {
                List<PooledBuffer> leased = acquireAll(bytes);
                assertTrue((long) leased.size() * bytes >= MIB, leased.size() + " of " + bytes);
                expectWithinLimit();
                leased.forEach(PooledBuffer::release);
            }
        }
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void oneLeasedBufferKeepsItsBlockAndTheOthersGo() {
        List<PooledBuffer> small = acquireAll(512);
        PooledBuffer kept = small.remove(small.size() / 2);
        kept.buffer().putLong(0, 0x0123456789ABCDEFL);
        small.forEach(PooledBuffer::release);
        List<PooledBuffer> large = acquireAll(64 * KIB);
        assertTrue(large.size() >= 40, "only " + large.size());
        large.forEach(one -> one.buffer().put(new byte[one.capacity()]));
        assertEquals(0x0123456789ABCDEFL, kept.buffer().getLong(0));
        kept.release();
    }

    @Test
    void bufferOfAReclaimedBlockIsNeverHandedOutAgainAndCannotBeReleased() {
        List<PooledBuffer> stale = acquireAll(512);
        stale.forEach(PooledBuffer::release);
        acquireAll(64 * KIB).forEach(PooledBuffer::release);
        Set<PooledBuffer> known = new HashSet<>(stale);
        List<PooledBuffer> fresh = acquireAll(512);
        fresh.forEach(one -> assertTrue(known.add(one), "a buffer of a block that was given up"));
        stale.forEach(one -> assertThrows(IllegalStateException.class, one::release));
        assertEquals(fresh.size(), pool.stats().leased());
        fresh.forEach(PooledBuffer::release);
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void leasesGatherInFewBlocksSoThatTheOthersCanBeReclaimed() {
        List<PooledBuffer> small = acquireAll(512);
        // One of each block stays, then each lease is renewed: all of them must move to the first blocks.
        List<PooledBuffer> kept = new ArrayList<>();
        for (int i = 0; i < small.size(); i++) {
            if (i % 128 == 0) {
                kept.add(small.get(i));
            } else {
                small.get(i).release();
            }
        }
        assertNull(pool.tryAcquire(64 * KIB), "every block has a leased buffer");
        for (int i = 0; i < kept.size(); i++) {
            kept.get(i).release();
            kept.set(i, acquire(512));
        }
        assertTrue(acquireAll(64 * KIB).size() >= 30, pool.stats().toString());
    }

    @Test
    void sizeThatHasMostToSpareGivesFirst() {
        List<PooledBuffer> few = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            few.add(acquire(512));
        }
        List<PooledBuffer> many = acquireAll(4 * KIB);
        few.forEach(PooledBuffer::release);
        many.forEach(PooledBuffer::release);
        PooledBuffer large = acquire(64 * KIB);
        large.buffer().put(new byte[large.capacity()]);
        List<PooledBuffer> again = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            again.add(acquire(512));
        }
        assertEquals(Set.copyOf(few), Set.copyOf(again), "the small block was left alone");
    }

    @Test
    void limitOfOneBlockServesEverySizeThatFits() {
        BufferPool tiny = new BufferPool(MIB);
        for (int bytes = 512; bytes <= 512 * KIB; bytes *= 2) {
            PooledBuffer buffer = tiny.tryAcquire(bytes);
            assertNotNull(buffer, "no buffer of " + bytes);
            assertEquals(bytes < 64 * KIB ? bytes : bytes + BufferPool.SLACK_BYTES, buffer.capacity());
            buffer.release();
            assertTrue(tiny.stats().capacityBytes() <= MIB, tiny.stats().toString());
        }
        assertNull(tiny.tryAcquire(MIB), "1 MiB and its slack is more than the limit");
    }

    @Test
    void limitThatIsNoMultipleOfABlockIsUsedToItsEnd() {
        BufferPool odd = new BufferPool(MIB + 300 * KIB);
        int bytes = 0;
        while (odd.tryAcquire(KIB) != null) {
            bytes += KIB;
        }
        assertEquals(MIB + 300 * KIB, bytes);
        assertEquals(MIB + 300 * KIB, odd.stats().capacityBytes());
    }

    @Test
    void preallocatedMemoryIsHeldAndNotLeased() {
        assertTrue(pool.tryPreallocate(512, 3_000));
        BufferPoolStats stats = pool.stats();
        assertEquals(2 * MIB, stats.capacityBytes());
        assertEquals(0, stats.leased() + stats.peak());
        for (int i = 0; i < 3_000; i++) {
            assertNotNull(pool.tryAcquire(512));
        }
        assertEquals(2 * MIB, pool.stats().capacityBytes());
        assertTrue(!pool.tryPreallocate(512, 8_000), "more than the limit allows");
        expectWithinLimit();
    }

    @Test
    void reservedForeignBytesStayWithinTheLimit() {
        assertTrue(pool.tryReserve(3L * MIB));
        assertTrue(pool.tryReserve(MIB));
        assertTrue(!pool.tryReserve(1));
        assertTrue(!pool.tryReserve(Long.MAX_VALUE));
        assertTrue(pool.tryReserve(0));
        assertEquals(4L * MIB, pool.stats().foreignBytes());
        pool.unreserve(4L * MIB);
        assertThrows(IllegalStateException.class, () -> pool.unreserve(1));
        assertThrows(IllegalArgumentException.class, () -> pool.tryReserve(-1));
        assertThrows(IllegalArgumentException.class, () -> pool.unreserve(-1));
        assertEquals(0, pool.stats().foreignBytes());
        assertNotSame(0, acquireAll(512).size(), "the pool's own memory is counted apart");
    }

    private PooledBuffer acquire(int bytes) {
        PooledBuffer buffer = pool.tryAcquire(bytes);
        assertNotNull(buffer, () -> "no buffer of " + bytes + "; " + pool.stats());
        return buffer;
    }
}
