package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.SessionStats;
import io.millrace.core.internal.answer.RequestMeter;
import io.millrace.server.admission.RefusalReason;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateHistoryTest {
    // soon overflows, as any clock may
    private static final long START = Long.MAX_VALUE - 1;

    private final RateHistory history = new RateHistory(START, accepted(0));

    private static TcpServerStats accepted(long accepted) {
        SessionStats traffic = new SessionStats(1_000 * accepted, 10 * accepted, 500 * accepted, 5 * accepted);
        return new TcpServerStats(
                0,
                0,
                accepted,
                Map.of(RefusalReason.TOO_FAST, 2 * accepted),
                0,
                0,
                traffic,
                new RequestMeter().stats(),
                Duration.ZERO);
    }

    /** Reads at a time after the start, when so many have been accepted. */
    private TcpServerRates at(double seconds, long accepted) {
        return history.rates(START + (long) (seconds * TimeUnit.SECONDS.toNanos(1)), accepted(accepted));
    }

    @Test
    void firstLookIsSinceTheStart() {
        TcpServerRates rates = at(4, 8);
        assertEquals(Duration.ofSeconds(4), rates.interval());
        assertEquals(2, rates.accepted());
        assertEquals(4, rates.refused());
        assertEquals(2_000, rates.bytesReceived());
        assertEquals(1_000, rates.bytesSent());
        assertEquals(20, rates.messagesReceived());
        assertEquals(10, rates.messagesSent());
        assertEquals(0, rates.requests());
    }

    @Test
    void lookAtTheVeryStartIsNothingAndNotInfinite() {
        assertEquals(0, at(0, 0).accepted());
    }

    @Test
    void regularLooksAreOverTheLastTenSeconds() {
        for (int second = 1; second <= 60; second++) {
            at(second, 100L * second);
        }
        TcpServerRates rates = at(61, 6_000);
        assertEquals(Duration.ofSeconds(10), rates.interval());
        assertEquals(90, rates.accepted());
    }

    @Test
    void looksInQuickSuccessionAreOverAtLeastASecond() {
        at(30, 300);
        assertEquals(10, at(30.001, 300).accepted(), 0.001);
        assertEquals(Duration.ofMillis(30_500), at(30.5, 305).interval());
        TcpServerRates rates = at(31.5, 1_800);
        assertEquals(Duration.ofMillis(1_500), rates.interval());
        assertEquals(1_000, rates.accepted());
    }

    @Test
    void lookAfterAPauseIsSinceTheLastOne() {
        at(5, 50);
        TcpServerRates rates = at(105, 250);
        assertEquals(Duration.ofSeconds(100), rates.interval());
        assertEquals(2, rates.accepted());
    }

    @Test
    void whoLooksAllTheTimeDoesNotDisturbWhoLooksNowAndThen() {
        double seenMost = 0;
        for (int tick = 1; tick <= 6_000; tick++) {
            // one reads a hundred times a second, and there are ten a second to be counted
            seenMost = Math.max(seenMost, at(tick / 100.0, tick / 10).accepted());
        }
        assertEquals(10, seenMost, 0.5);
        TcpServerRates rates = at(60, 600);
        assertEquals(10, rates.accepted(), 0.5);
        assertEquals(9.5, rates.interval().toMillis() / 1_000.0, 0.51);
    }

    @Test
    void countersThatLagBehindAreNoNegativeRate() {
        at(5, 50);
        assertEquals(0, at(16, 40).accepted());
    }
}
