package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.internal.Lifecycle.Phase;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private static final CloseReason FIRST = CloseReason.of(Kind.PEER, "first");
    private static final CloseReason SECOND = CloseReason.of(Kind.LOCAL, "second");

    private final Lifecycle life = new Lifecycle();

    @Test
    void beginsOpenWithoutAReason() {
        assertTrue(life.isOpen());
        assertNull(life.reason());
        assertEquals("for now", life.reasonOr("for now").detail());
    }

    @Test
    void closesInGoodOrderThenEnds() {
        assertTrue(life.startClosing(FIRST));
        assertEquals(Phase.CLOSING, life.phase());
        assertFalse(life.isOpen());
        assertTrue(life.channelClosed(SECOND));
        assertEquals(Phase.CLOSED, life.phase());
        life.end();
        assertEquals(Phase.ENDED, life.phase());
        assertSame(FIRST, life.reason());
        assertSame(FIRST, life.reasonOr("none"));
    }

    @Test
    void isCutOffFromOpen() {
        assertTrue(life.channelClosed(FIRST));
        assertEquals(Phase.CLOSED, life.phase());
        assertSame(FIRST, life.reason());
    }

    @Test
    void secondStartOfClosingDoesNothing() {
        assertTrue(life.startClosing(FIRST));
        assertFalse(life.startClosing(SECOND));
        assertSame(FIRST, life.reason());
    }

    @Test
    void nothingHappensAfterTheChannelIsClosed() {
        life.channelClosed(FIRST);
        assertFalse(life.startClosing(SECOND));
        assertFalse(life.channelClosed(SECOND));
        life.end();
        assertFalse(life.startClosing(SECOND));
        assertFalse(life.channelClosed(SECOND));
        assertEquals(Phase.ENDED, life.phase());
        assertSame(FIRST, life.reason());
    }

    @Test
    void endFromAnyOtherPhaseIsABrokenInvariant() {
        assertThrows(IllegalStateException.class, life::end);
        life.startClosing(FIRST);
        assertThrows(IllegalStateException.class, life::end);
        life.channelClosed(FIRST);
        life.end();
        assertThrows(IllegalStateException.class, life::end);
    }

    @Test
    void eachTransitionHasOneWinner() throws Exception {
        int threads = 4;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        for (int round = 0; round < 200; round++) {
            Lifecycle one = new Lifecycle();
            AtomicInteger closing = new AtomicInteger();
            AtomicInteger closed = new AtomicInteger();
            CyclicBarrier together = new CyclicBarrier(threads + 1);
            for (int t = 0; t < threads; t++) {
                executor.execute(() -> {
                    try {
                        together.await();
                        closing.addAndGet(one.startClosing(FIRST) ? 1 : 0);
                        closed.addAndGet(one.channelClosed(SECOND) ? 1 : 0);
                        together.await();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
            }
            together.await();
            together.await();
            assertTrue(closing.get() <= 1);
            assertEquals(1, closed.get());
        }
        executor.shutdown();
    }

    @Test
    void drainsWhileItIsOpenAndThenClosesForThatReason() {
        assertTrue(life.startDraining(SECOND));
        assertFalse(life.startDraining(FIRST));
        assertTrue(life.isOpen());
        assertTrue(life.isDraining());
        assertNull(life.reason());
        assertEquals("for now", life.reasonOr("for now").detail());
        assertSame(SECOND, life.reasonToDrain());
        // The peer finishes, as it was asked to.
        assertTrue(life.startClosing(FIRST));
        assertSame(SECOND, life.reason());
    }

    @Test
    void otherReasonsEndItsDraining() {
        CloseReason broken = CloseReason.of(Kind.RESET, "broken");
        assertTrue(life.startDraining(SECOND));
        assertTrue(life.channelClosed(broken));
        assertSame(broken, life.reason());
        assertFalse(life.isDraining());
    }

    @Test
    void whatIsClosingDrainsNoMore() {
        assertTrue(life.startClosing(SECOND));
        assertFalse(life.startDraining(FIRST));
        assertSame(SECOND, life.reason());
    }
}
