package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SessionSetIT {
    private static final CloseReason REASON = CloseReason.of(Kind.SHUTDOWN, "on purpose");

    private final SessionSet set = new SessionSet();

    @Test
    void sessionsAreListedAndCountedUntilTheyLeave() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            assertTrue(set.enter());
            assertTrue(set.enter());
            set.add(link.session());
            assertEquals(2, set.count());
            assertSame(link.session(), set.get(link.session().id()));
            assertEquals(1, set.sessions().size());
            set.remove(link.session());
            set.leave();
            assertNull(set.get(link.session().id()));
            assertEquals(0, set.count());
            assertEquals(2, set.peak());
            assertTrue(set.awaitEmpty(0));
        }
    }

    @Test
    void drainedSetLetsNobodyInAndEndsWhoWasOnTheWay() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link listed = loopback.open();
            Link onTheWay = loopback.open();
            assertTrue(set.enter());
            assertTrue(set.enter());
            set.add(listed.session());
            set.drain(REASON);
            set.drain(CloseReason.of(Kind.LOCAL, "too late"));
            assertFalse(set.enter());
            set.add(onTheWay.session());
            for (Link link : new Link[] {listed, onTheWay}) {
                link.peer().expectEndOfStream();
                link.peer().close();
                assertSame(REASON, link.recording().awaitClose());
            }
        }
    }

    @Test
    void drainCutsOffWhatDoesNotEndInTime() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            assertTrue(set.enter());
            set.add(link.session());
            assertFalse(set.awaitEmpty(TimeUnit.MILLISECONDS.toNanos(1)));
            Thread leaver = new Thread(() -> {
                link.recording().awaitClose();
                set.remove(link.session());
            });
            leaver.start();
            assertEquals(1, set.drain(REASON, TimeUnit.MILLISECONDS.toNanos(20)), "its peer keeps its side open");
            leaver.join();
            assertEquals(0, set.drain(REASON, 0));
            assertSame(REASON, link.recording().awaitClose());
        }
    }

    @Test
    void interruptedWaitSaysSoAndKeepsTheInterrupt() {
        assertTrue(set.enter());
        Thread.currentThread().interrupt();
        assertFalse(set.awaitEmpty(TimeUnit.SECONDS.toNanos(10)));
        assertTrue(Thread.interrupted());
    }
}
