package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.CapturedLog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the tracking mode finds: second releases, writes after release, leaks. */
class LeaseTrackerTest {
    private static final int MIB = 1 << 20;

    private final LeaseTracker tracker = new LeaseTracker();
    private final BufferPool pool = new BufferPool(4L * MIB, tracker);
    private final IoContextPool contexts = new IoContextPool(4, tracker);

    private PooledBuffer acquireHere(int bytes) {
        PooledBuffer buffer = pool.tryAcquire(bytes);
        assertNotNull(buffer);
        return buffer;
    }

    private PooledBuffer acquireThere(int bytes) {
        PooledBuffer buffer = pool.tryAcquire(bytes);
        assertNotNull(buffer);
        return buffer;
    }

    private IoContext acquireContext() {
        IoContext context = contexts.tryAcquire("somebody");
        assertNotNull(context);
        return context;
    }

    private static void releaseFirst(PooledBuffer buffer) {
        buffer.release();
    }

    private static String refusalOf(Runnable misuse) {
        return String.valueOf(
                assertThrows(IllegalStateException.class, misuse::run).getMessage());
    }

    private static void expectInOrder(String text, String... parts) {
        int from = 0;
        for (String part : parts) {
            int at = text.indexOf(part, from);
            assertTrue(at >= 0, "no '" + part + "' after " + from + " in: " + text);
            from = at + part.length();
        }
    }

    @Test
    void secondReleaseNamesWhereItWasAcquiredAndReleasedTwice() {
        PooledBuffer buffer = acquireHere(512);
        releaseFirst(buffer);
        String message = refusalOf(buffer::release);
        expectInOrder(
                message,
                "buffer of 512 bytes released twice",
                "acquireHere",
                "[thread " + Thread.currentThread().getName() + "]",
                "first released at",
                "releaseFirst",
                "released again at",
                "refusalOf");
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void secondReleaseIsFoundThoughTheMemoryHasANewOwner() {
        PooledBuffer stale = acquireHere(512);
        stale.release();
        PooledBuffer owned = acquireThere(512);
        assertNotSame(stale, owned);
        owned.buffer().putInt(0, 42);
        expectInOrder(refusalOf(stale::release), "released twice", "acquireHere");
        assertEquals(1, pool.stats().leased(), "the new owner's lease stands");
        assertEquals(42, owned.buffer().getInt(0), "and its bytes");
        owned.release();
        assertEquals(List.of(), tracker.faults());
    }

    @Test
    void secondReleaseOfAContextNamesItsSites() {
        IoContext context = acquireContext();
        contexts.release(context);
        expectInOrder(
                refusalOf(() -> contexts.release(context)), "context", "released twice", "acquireContext", "first");
        assertEquals(0, contexts.leased());
        assertNotSame(context, acquireContext(), "a tracked context is leased once");
    }

    @Test
    void contextInFlightStaysTrackedWhenItsReleaseIsRefused() {
        IoContext context = acquireContext();
        context.begin();
        expectInOrder(refusalOf(() -> contexts.release(context)), "in flight");
        assertEquals(1, tracker.leased().size());
        context.complete();
        contexts.release(context);
        assertEquals(List.of(), tracker.leased());
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 65_536, 1_048_576})
    void writeAfterReleaseIsReportedWithItsLastOwner(int bytes) {
        try (CapturedLog log = new CapturedLog()) {
            PooledBuffer buffer = acquireHere(bytes);
            int last = buffer.capacity() - 1;
            releaseFirst(buffer);
            buffer.buffer().put(last, (byte) 1);
            acquireThere(bytes).release();
            assertEquals(1, tracker.faults().size());
            expectInOrder(
                    tracker.faults().get(0), "written after its release", "at index " + last, "acquireHere", "release");
            assertEquals(1, log.lines().size());
            acquireThere(bytes).release();
            assertEquals(1, tracker.faults().size(), "reported once");
        }
    }

    @Test
    void releasedBytesAreNotThereForTheNextOwner() {
        PooledBuffer buffer = acquireHere(512);
        buffer.buffer().putLong(0, 0x5EC2E7);
        buffer.release();
        PooledBuffer next = acquireThere(512);
        assertNotSame(0x5EC2E7L, next.buffer().getLong(0));
        assertEquals(0xDBDBDBDBDBDBDBDBL, next.buffer().getLong(0));
        next.release();
    }

    @Test
    void memoryThatPassesToAnotherSizeIsNotMistakenForDamaged() {
        for (int bytes : new int[] {512, 64 << 10, 4096, MIB, 512}) {
            List<PooledBuffer> leased = new ArrayList<>();
            for (PooledBuffer next = pool.tryAcquire(bytes); next != null; next = pool.tryAcquire(bytes)) {
                leased.add(next);
            }
            assertTrue(!leased.isEmpty(), "none of " + bytes);
            leased.forEach(PooledBuffer::release);
        }
        assertEquals(List.of(), tracker.faults());
        assertEquals(List.of(), tracker.leased());
    }

    @Test
    void leaksAreGroupedByTheirPlacesAndReportedOnce() {
        for (int i = 0; i < 3; i++) {
            acquireHere(4096);
        }
        PooledBuffer later = acquireThere(512);
        acquireContext();
        List<BufferLeak> leaks = tracker.leased();
        assertEquals(3, leaks.size(), leaks.toString());
        assertEquals(3, leaks.get(0).count());
        assertEquals(3 * 4096, leaks.get(0).bytes());
        assertEquals("buffer", leaks.get(0).kind());
        expectInOrder(leaks.get(0).site(), "acquireHere", "leaksAreGrouped");

        later.release();
        List<String> heard = new ArrayList<>();
        tracker.onLeak((group, leak) -> {
            heard.add(group + " " + leak.count() + " " + leak.kind());
            throw new IllegalStateException("on purpose");
        });
        try (CapturedLog log = new CapturedLog()) {
            tracker.report("group-x");
            assertEquals("WARN", log.lines().get(0).substring(0, 4));
            expectInOrder(log.lines().get(0), "group=group-x buffers=3 bytes=12288 contexts=1", "acquireHere");
            assertEquals(3, log.lines().size(), "one report, and a line for each throw: " + log.lines());
        }
        assertEquals(List.of("group-x 3 buffer", "group-x 1 context"), heard);
    }

    @Test
    void nothingLeasedIsNothingReported() {
        acquireHere(512).release();
        contexts.release(acquireContext());
        try (CapturedLog log = new CapturedLog()) {
            tracker.onLeak((group, leak) -> {
                throw new AssertionError(leak);
            });
            tracker.report("group-y");
            assertEquals(List.of(), log.lines());
        }
    }
}
