package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.FrameKind;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PingGuardTest {
    // soon overflows, as any clock may
    private long now = Long.MAX_VALUE - 5;
    private final PingGuard guard = new PingGuard(10, now);

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void fine(int pings) {
        for (int i = 0; i < pings; i++) {
            assertFalse(guard.isTooMany(now), "ping " + i);
        }
    }

    @Test
    void tenSecondsWorthMayComeAtOnceAndNotOneMore() {
        fine(100);
        assertTrue(guard.isTooMany(now));
    }

    @Test
    void rateIsAllRightForEver() {
        fine(100);
        for (int i = 0; i < 10_000; i++) {
            pass(100);
            fine(1);
        }
        assertTrue(guard.isTooMany(now));
    }

    @Test
    void slightlyMoreThanTheRateIsTooManyInTheEnd() {
        int pings = 0;
        while (!guard.isTooMany(now)) {
            pass(90);
            pings++;
            assertTrue(pings < 1_100, "never");
        }
        assertTrue(pings > 900, "after " + pings);
    }

    @Test
    void longSilenceEarnsNoMoreThanAFullBurst() {
        pass(TimeUnit.DAYS.toMillis(1));
        fine(100);
        assertTrue(guard.isTooMany(now));
    }

    @Test
    void pingsThatComeWithTrafficAreFree() {
        for (int i = 0; i < 10_000; i++) {
            fine(1);
            guard.received(i % 2 == 0 ? FrameKind.MESSAGE : FrameKind.REPLY);
        }
        fine(100);
    }

    @Test
    void trafficEarnsNoCreditAndControlFramesPayForNothing() {
        for (int i = 0; i < 10_000; i++) {
            guard.received(FrameKind.REQUEST);
        }
        fine(100);
        guard.received(FrameKind.PONG);
        guard.received(FrameKind.SKIPPED);
        assertTrue(guard.isTooMany(now));
    }
}
