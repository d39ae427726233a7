package io.millrace.client.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {
    private static final long MILLI = 1_000_000;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** The back-off that gRPC prescribes. */
    private static final Backoff GRPC = Backoff.defaults()
            .delays(SECOND, Duration.ofSeconds(120))
            .factor(1.6)
            .jitter(0.2);

    private static Settings settings(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.of(properties, "test");
    }

    private static String refusal(Executable action) {
        return assertThrows(IllegalArgumentException.class, action).getMessage();
    }

    @Test
    void attemptsFollowTheirCurveWithinTheirJitterForAsLongAsTheyGoOn() {
        RandomGenerator random = new Random(6);
        double expected = 1e9;
        double least = 2;
        double most = 0;
        for (int failures = 1; failures <= 200; failures++) {
            double share = GRPC.delayNanos(failures, random) / expected;
            assertTrue(share > 0.799_999 && share < 1.200_001, "after " + failures + " failures: " + share);
            least = Math.min(least, share);
            most = Math.max(most, share);
            expected = Math.min(120e9, expected * 1.6);
        }
        assertTrue(least < 0.82 && most > 1.18, "the jitter goes from " + least + " to " + most);
    }

    @Test
    void successStartsAnew() {
        Backoff backoff = GRPC.jitter(0);

        assertEquals(120_000 * MILLI, backoff.delayNanos(12, new Random(1)));
        assertEquals(1_000 * MILLI, backoff.delayNanos(1, new Random(1)));
    }

    @Test
    void withoutJitterDelaysAreExact() {
        Backoff backoff = Backoff.defaults().jitter(0);
        long[] millis = {100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000};

        for (int i = 0; i < millis.length; i++) {
            assertEquals(millis[i] * MILLI, backoff.delayNanos(i + 1, new Random(1)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 1_000, 1_000_000, Integer.MAX_VALUE})
    void noNumberOfFailuresOverflows(int failures) {
        Backoff steep = Backoff.defaults().delays(DAY, DAY).factor(100);
        Random random = new Random(failures);

        assertEquals(DAY.toNanos(), steep.jitter(0).delayNanos(failures, random));
        long jittered = steep.jitter(0.999).delayNanos(failures, random);
        assertTrue(jittered > 0 && jittered <= 2 * DAY.toNanos(), jittered + " ns");
        long full = steep.delayNanos(failures, random);
        assertTrue(full >= 10 * MILLI && full <= DAY.toNanos(), full + " ns");
    }

    @Test
    void factorOfOneStaysAtTheFirstDelay() {
        Backoff even = Backoff.defaults().factor(1).jitter(0);

        assertEquals(100 * MILLI, even.delayNanos(Integer.MAX_VALUE, new Random(1)));
    }

    @Test
    void fullJitterIsUniformFromTenMillisecondsToTheDelay() {
        Random random = new Random(4);
        int[] tenths = new int[10];
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 100_000; i++) {
            long delay = Backoff.defaults().delayNanos(4, random);
            least = Math.min(least, delay);
            most = Math.max(most, delay);
            tenths[(int) ((delay - 10 * MILLI) * 10 / (790 * MILLI + 1))]++;
        }
        assertTrue(least >= 10 * MILLI && least < 11 * MILLI, least + " ns at least");
        assertTrue(most <= 800 * MILLI && most > 799 * MILLI, most + " ns at most");
        for (int count : tenths) {
            assertTrue(count > 9_500 && count < 10_500, "a tenth of the range has " + count + " of 100,000");
        }
    }

    @Test
    void fullJitterOfAShortDelayIsNoJitter() {
        Backoff backoff = Backoff.defaults().delays(Duration.ofMillis(5), Duration.ofMillis(20));
        Random random = new Random(5);

        assertEquals(5 * MILLI, backoff.delayNanos(1, random));
        long second = backoff.delayNanos(2, random);
        assertTrue(second >= 5 * MILLI && second <= 10 * MILLI, second + " ns");
    }

    @Test
    void clientsThatFailTogetherDoNotComeBackTogether() {
        Random random = new Random(7);
        int[] atOnce = new int[40];
        for (int client = 0; client < 500; client++) {
            atOnce[(int) (Backoff.defaults().delayNanos(8, random) / (250 * MILLI))]++;
        }
        for (int clients : atOnce) {
            // 12.5 expected in each quarter of a second.
            assertTrue(clients <= 32, clients + " of 500 clients come back within the same 250 ms");
        }
    }

    @Test
    void givesUpAfterAsManyAttemptsAsItMay() {
        Backoff backoff = Backoff.defaults().giveUpAfter(3);

        assertFalse(backoff.givesUp(2));
        assertTrue(backoff.givesUp(3));
        assertTrue(backoff.givesUp(4));
        assertFalse(Backoff.defaults().givesUp(Integer.MAX_VALUE));
    }

    @Test
    void valuesOutOfRangeAreNamedWithTheRange() {
        Backoff backoff = Backoff.defaults();

        assertEquals(
                "firstDelay is PT0S; it must be from 1 ms to 1 day",
                refusal(() -> backoff.delays(Duration.ZERO, SECOND)));
        assertEquals(
                "maxDelay is PT24H0.000000001S; it must be from 1 ms to 1 day",
                refusal(() -> backoff.delays(SECOND, DAY.plusNanos(1))));
        assertEquals(
                "maxDelay is PT1S; it must be at least firstDelay, PT1.000000001S",
                refusal(() -> backoff.delays(SECOND.plusNanos(1), SECOND)));
        assertEquals("factor is 0.99; it must be from 1 to 100", refusal(() -> backoff.factor(0.99)));
        assertEquals("factor is NaN; it must be from 1 to 100", refusal(() -> backoff.factor(Double.NaN)));
        assertEquals("jitter is 1.01; it must be from 0 (none) to 1 (full)", refusal(() -> backoff.jitter(1.01)));
        assertEquals("jitter is -0.1; it must be from 0 (none) to 1 (full)", refusal(() -> backoff.jitter(-0.1)));
        assertEquals("giveUpAfter is -1; it must be at least 0 attempts", refusal(() -> backoff.giveUpAfter(-1)));
        assertEquals(
                "failuresInARow is 0; it must be at least 1 failures",
                refusal(() -> backoff.delayNanos(0, new Random(1))));
    }

    @Test
    void boundsAreAllowed() {
        Backoff least = Backoff.defaults()
                .delays(Duration.ofMillis(1), Duration.ofMillis(1))
                .factor(1)
                .jitter(0)
                .giveUpAfter(1);
        Backoff most = Backoff.defaults().delays(DAY, DAY).factor(100).jitter(1).giveUpAfter(Integer.MAX_VALUE);

        assertEquals(MILLI, least.delayNanos(1, new Random(1)));
        assertEquals(
                "Backoff[firstDelay=PT24H, maxDelay=PT24H, factor=100.0, jitter=1.0, giveUpAfter=2147483647]",
                most.toString());
    }

    @Test
    void oneChangeLeavesTheRestAndTheOriginalAsTheyWere() {
        Backoff changed = GRPC.giveUpAfter(9);

        assertEquals(
                "Backoff[firstDelay=PT1S, maxDelay=PT2M, factor=1.6, jitter=0.2, giveUpAfter=9]", changed.toString());
        assertEquals(0, GRPC.giveUpAfter());
        assertEquals(
                "Backoff[firstDelay=PT0.1S, maxDelay=PT10S, factor=2.0, jitter=1.0, giveUpAfter=0]",
                Backoff.defaults().toString());
    }

    @Test
    void settingsSetEverything() {
        Backoff read = Backoff.defaults()
                .settings(settings(
                        "firstDelay", "20s", "maxDelay", "2min", "factor", "1.6", "jitter", "0.2", "giveUpAfter", "7"));

        assertEquals(Duration.ofSeconds(20), read.firstDelay());
        assertEquals(Duration.ofMinutes(2), read.maxDelay());
        assertEquals(1.6, read.factor());
        assertEquals(0.2, read.jitter());
        assertEquals(7, read.giveUpAfter());
    }

    @Test
    void settingsThatCannotBeAreNamedTogether() {
        SettingsException refused = assertThrows(SettingsException.class, () -> Backoff.defaults()
                .settings(settings(
                        "firstDelay", "0", "factor", "twice", "jitter", "2", "giveUpAfter", "-1", "maxDely", "1s")));

        assertEquals(
                List.of(
                        "firstDelay = 0: firstDelay is PT0S; it must be from 1 ms to 1 day",
                        "factor = twice: it must be a number such as 2 or 1.6",
                        "jitter = 2: jitter is 2.0; it must be from 0 (none) to 1 (full)",
                        "giveUpAfter = -1: giveUpAfter is -1; it must be at least 0 attempts",
                        "maxDely = 1s: it is not known; the closest known key is maxDelay"),
                refused.problems());
    }

    @Test
    void delaysThatDoNotGoTogetherAreNamed() {
        assertEquals("maxDelay is PT10S; it must be at least firstDelay, PT20S", refusal(() -> Backoff.defaults()
                .settings(settings("firstDelay", "20s"))));
    }
}
