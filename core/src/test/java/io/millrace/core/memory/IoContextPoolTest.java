package io.millrace.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class IoContextPoolTest {
    private final IoContextPool pool = new IoContextPool(2);

    private IoContext acquire(Object owner) {
        IoContext context = pool.tryAcquire(owner);
        assertNotNull(context);
        return context;
    }

    @Test
    void contextsAreLeasedUpToTheCap() {
        IoContext first = acquire("a");
        acquire("b");
        assertNull(pool.tryAcquire("c"));
        assertEquals(2, pool.leased());
        pool.release(first);
        assertEquals(1, pool.leased());
        assertSame(first, acquire("c"));
        assertEquals(2, pool.peak());
    }

    @Test
    void leaseKnowsItsOwnerAndStartsANewGeneration() {
        IoContext context = acquire("a");
        int generation = context.generation();
        assertEquals("a", context.owner(String.class));
        pool.release(context);
        assertThrows(IllegalStateException.class, () -> context.owner(String.class));
        assertSame(context, acquire(1));
        assertEquals(generation + 1, context.generation());
        assertEquals(1, context.owner(Integer.class));
    }

    @Test
    void secondReleaseThrowsAndIsNotCounted() {
        IoContext context = acquire("a");
        pool.release(context);
        assertThrows(IllegalStateException.class, () -> pool.release(context));
        assertEquals(0, pool.leased());
        assertTrue(acquire("b") != acquire("c"), "one context was leased twice");
    }

    @Test
    void operationInFlightForbidsReleaseAndASecondOperation() {
        IoContext context = acquire("a");
        context.begin();
        assertTrue(context.isInFlight());
        assertThrows(IllegalStateException.class, context::begin);
        assertThrows(IllegalStateException.class, () -> pool.release(context));
        context.complete();
        assertFalse(context.isInFlight());
        assertThrows(IllegalStateException.class, context::complete);
        pool.release(context);
    }

    @Test
    void gatherListIsKeptButForgetsItsBuffersOnRelease() {
        IoContext context = acquire("a");
        ByteBuffer[] gather = context.gather();
        assertEquals(IoContext.GATHER_LIMIT, gather.length);
        gather[3] = ByteBuffer.allocate(1);
        assertSame(gather, context.gather());
        pool.release(context);
        assertTrue(Arrays.stream(gather).allMatch(buffer -> buffer == null));
    }

    @Test
    void lateCompletionIsRefusedAfterTheReleaseAndBeforeItTouchesANewerOwner() {
        IoContext context = acquire("a");
        context.begin();
        context.complete();
        pool.release(context);
        assertThrows(IllegalStateException.class, () -> context.owner(String.class), "nobody to call back");
        assertThrows(IllegalStateException.class, context::complete);

        assertSame(context, acquire("b"));
        assertThrows(IllegalStateException.class, context::complete, "b has begun nothing");
        context.begin();
        assertTrue(context.isInFlight(), "the newer owner's operation is its own");
        context.complete();
        assertThrows(IllegalStateException.class, context::complete, "one operation completes once");
    }

    @Test
    void contextWithAnOperationInFlightIsNeverLeasedToAnother() {
        IoContext context = acquire("a");
        context.begin();
        assertThrows(IllegalStateException.class, () -> pool.release(context));
        assertEquals("a", context.owner(String.class), "the operation's owner still hears of its end");
        assertTrue(acquire("b") != context);
        assertEquals(2, pool.leased());
    }

    @Test
    void preallocatedContextsAreThereAndNoMoreThanTheCap() {
        pool.preallocate(2);
        assertEquals(0, pool.leased());
        assertEquals(0, pool.peak());
        acquire("a");
        pool.preallocate(2);
        acquire("b");
        assertNull(pool.tryAcquire("c"));
        assertThrows(IllegalArgumentException.class, () -> pool.preallocate(3));
    }

    @Test
    void capBelowOneIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new IoContextPool(0));
    }
}
