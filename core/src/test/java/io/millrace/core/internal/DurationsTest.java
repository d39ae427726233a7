package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @Test
    void positiveDurationIsInNanoseconds() {
        assertEquals(1, Durations.positiveNanos("timeout", Duration.ofNanos(1)));
        assertEquals(1_500_000_000, Durations.positiveNanos("timeout", Duration.ofMillis(1_500)));
    }

    @Test
    void longestDurationIsAYear() {
        long year = Duration.ofDays(365).toNanos();
        assertEquals(year, Durations.positiveNanos("timeout", Duration.ofDays(365)));
        assertEquals(year, Durations.positiveNanos("timeout", Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT-0.000000001S"})
    void otherDurationsAreRefusedByName(String value) {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> Durations.positiveNanos("timeout", Duration.parse(value)));
        assertEquals("timeout is " + value + "; it must be more than zero", refused.getMessage());
    }

    @Test
    void nullIsRefusedByName() {
        assertEquals(
                "timeout",
                assertThrows(NullPointerException.class, () -> Durations.positiveNanos("timeout", null))
                        .getMessage());
    }
}
