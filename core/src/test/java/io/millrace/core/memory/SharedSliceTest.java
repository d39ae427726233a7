package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Parts of one buffer that have owners of their own. */
class SharedSliceTest {
    private static final int BYTES = 4_096;

    private final BufferPool pool = new BufferPool(1 << 20);

    private PooledBuffer acquire() {
        PooledBuffer buffer = pool.tryAcquire(BYTES);
        assertNotNull(buffer);
        return buffer;
    }

    private int leased() {
        return pool.stats().leased();
    }

    private static List<List<Integer>> orders(List<Integer> of) {
        if (of.isEmpty()) {
            return List.of(List.of());
        }
        List<List<Integer>> all = new ArrayList<>();
        for (Integer first : of) {
            List<Integer> others = new ArrayList<>(of);
            others.remove(first);
            for (List<Integer> rest : orders(others)) {
                List<Integer> order = new ArrayList<>(List.of(first));
                order.addAll(rest);
                all.add(order);
            }
        }
        return all;
    }

    @Test
    void lastOfTheLeaseAndItsPartsGivesTheBufferBackInWhateverOrderTheyEnd() {
        PooledBuffer sameEachTime = acquire();
        sameEachTime.release();
        for (List<Integer> order : orders(List.of(0, 1, 2, 3))) {
            PooledBuffer buffer = acquire();
            assertSame(sameEachTime, buffer);
            List<Chunk> holders = new ArrayList<>(List.of(buffer));
            for (int i = 0; i < 3; i++) {
                holders.add(buffer.share(i * 100, i * 100 + 100, 0));
            }
            for (int i = 0; i < 4; i++) {
                assertEquals(1, leased(), () -> "given back too early in " + order);
                List<Integer> ended = order.subList(0, i);
                assertTrue(ended.contains(0) || buffer.isShared() == (ended.size() < 3), order::toString);
                holders.get(order.get(i)).release();
            }
            assertEquals(0, leased(), () -> "never given back in " + order);
        }
    }

    @Test
    void partsOfABufferThatNobodySharesAnyMoreAreTheSameObjectsAgain() {
        PooledBuffer buffer = acquire();
        SharedSlice first = buffer.share(10, 20, 4);
        SharedSlice second = buffer.share(20, 30, 0);
        assertEquals(4, first.room());
        first.release();
        SharedSlice third = buffer.share(30, 40, 0);
        assertTrue(third != first && third != second, "while others are out nothing is used again");
        second.release();
        third.release();
        assertFalse(buffer.isShared());
        assertSame(first, buffer.share(40, 50, 0));
        assertEquals(40, first.buffer().position());
        assertEquals(50, first.buffer().limit());
        buffer.release();
        first.release();
        PooledBuffer again = acquire();
        assertSame(buffer, again);
        assertSame(first, again.share(0, 1, 0));
        again.release();
        first.release();
        assertEquals(0, leased());
    }

    @Test
    void partsThatLieBehindEachOtherBecomeOne() {
        PooledBuffer buffer = acquire();
        PooledBuffer other = acquire();
        SharedSlice first = buffer.share(0, 100, 0);
        SharedSlice gap = buffer.share(101, 200, 0);
        SharedSlice elsewhere = other.share(100, 200, 0);
        assertFalse(first.tryJoin(gap));
        assertFalse(first.tryJoin(elsewhere));
        assertTrue(first.tryJoin(buffer.share(100, 101, 0)));
        assertTrue(first.tryJoin(gap));
        assertEquals(200, first.buffer().remaining());
        assertThrows(IllegalStateException.class, gap::release);
        buffer.release();
        other.release();
        assertEquals(2, leased());
        first.release();
        elsewhere.release();
        assertEquals(0, leased());
    }

    @Test
    void secondReleaseIsRefusedAndTakesNothingFromTheOtherOwners() {
        PooledBuffer buffer = acquire();
        SharedSlice part = buffer.share(0, 10, 0);
        SharedSlice other = buffer.share(10, 20, 0);
        part.release();
        assertThrows(IllegalStateException.class, part::release);
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::release);
        assertEquals(1, leased());
        other.release();
        assertEquals(0, leased());
        assertThrows(IllegalStateException.class, other::release);
        assertThrows(IllegalStateException.class, buffer::release);
        PooledBuffer next = acquire();
        next.release();
        assertEquals(0, leased());
    }

    @Test
    void buffersComeBackOnceWhenPartsEndOnOtherThreads() throws Exception {
        for (int round = 0; round < 50; round++) {
            PooledBuffer buffer = acquire();
            SharedSlice mine = buffer.share(0, 10, 0);
            SharedSlice theirs = buffer.share(10, 20, 0);
            CountDownLatch begun = new CountDownLatch(1);
            Thread thread = new Thread(() -> {
                begun.countDown();
                theirs.release();
            });
            thread.start();
            begun.await();
            mine.release();
            buffer.release();
            thread.join(10_000);
            assertEquals(0, leased());
        }
    }
}
