package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.engine.GroupAccess;
import io.millrace.testing.ManualClock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A group whose deadlines go by a clock that a test moves. */
final class ClockedGroup {
    private final ManualClock clock = new ManualClock();
    private final IoGroup group;

    private ClockedGroup(LeakCheck leaks) throws TransportException {
        IoGroup.Builder builder = IoGroup.builder().threads(1).blockedThreadTimeout(Duration.ZERO);
        GroupAccess.setClock(builder, clock);
        group = leaks.watch(builder.start());
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
    }

    static ClockedGroup start(LeakCheck leaks) throws TransportException {
        return new ClockedGroup(leaks);
    }

    IoGroup group() {
        return group;
    }

    /**
     * Moves the clock, and waits until the group's one I/O thread has begun what is due by then: a test that only looked
     * whether attempts are under way would look before they are.
     */
    void advance(Duration time) {
        clock.advance(time);
        CountDownLatch behindAllThatIsDue = new CountDownLatch(1);
        GroupAccess.runtimeOf(group).execute(behindAllThatIsDue::countDown);
        try {
            assertTrue(behindAllThatIsDue.await(10, TimeUnit.SECONDS), "the I/O thread is held up");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    long nanoTime() {
        return clock.getAsLong();
    }
}
