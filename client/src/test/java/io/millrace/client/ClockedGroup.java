package io.millrace.client;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.engine.GroupAccess;
import io.millrace.testing.ManualClock;
import java.time.Duration;

/** A group whose deadlines go by a clock that a test moves. */
final class ClockedGroup {
    private final ManualClock clock = new ManualClock();
    private final IoGroup group;

    private ClockedGroup(LeakCheck leaks) throws TransportException {
        IoGroup.Builder builder = IoGroup.builder().threads(2).blockedThreadTimeout(Duration.ZERO);
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

    /** Moves the clock; see {@link ManualClock#advance}. */
    void advance(Duration time) {
        clock.advance(time);
    }

    long nanoTime() {
        return clock.getAsLong();
    }
}
