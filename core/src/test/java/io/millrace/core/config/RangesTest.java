package io.millrace.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangesTest {
    @Test
    void positiveDurationIsInNanoseconds() {
        assertEquals(1, Ranges.positiveNanos("timeout", Duration.ofNanos(1)));
        assertEquals(1_500_000_000, Ranges.positiveNanos("timeout", Duration.ofMillis(1_500)));
    }

    @Test
    void longestDurationIsAYear() {
        long year = Duration.ofDays(365).toNanos();
        assertEquals(year, Ranges.positiveNanos("timeout", Duration.ofDays(365)));
        assertEquals(year, Ranges.positiveNanos("timeout", Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT-0.000000001S"})
    void otherDurationsAreRefusedByName(String value) {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> Ranges.positiveNanos("timeout", Duration.parse(value)));
        assertEquals("timeout is " + value + "; it must be more than zero", refused.getMessage());
    }

    @Test
    void nullIsRefusedByName() {
        assertEquals(
                "timeout",
                assertThrows(NullPointerException.class, () -> Ranges.positiveNanos("timeout", null))
                        .getMessage());
    }

    @Test
    void numberOutsideItsRangeIsNamedWithRangeAndUnit() {
        Ranges.require("backlog", 1, 1, 5, "connections");
        Ranges.require("backlog", 5, 1, 5, "connections");
        assertEquals(
                "backlog is 6; it must be from 1 to 5 connections",
                refusal(() -> Ranges.require("backlog", 6, 1, 5, "connections")));
        assertEquals(
                "memory is 0; it must be at least 1 bytes",
                refusal(() -> Ranges.require("memory", 0, 1, Long.MAX_VALUE, "bytes")));
    }

    @Test
    void durationOutsideItsRangeIsNamedWithWhatZeroMeans() {
        Ranges.requireFromZero("pause", Duration.ZERO, 1, "none");
        Ranges.requireFromZero("pause", Duration.ofDays(1), 1, "none");
        assertEquals(
                "pause is PT24H0.000000001S; it must be from 0 (none) to 1 day",
                refusal(() -> Ranges.requireFromZero("pause", Duration.ofDays(1).plusNanos(1), 1, "none")));
    }

    @Test
    void missingSettingIsNamedWithTheCallThatMakesIt() {
        assertEquals("x", Ranges.requireSet("protocol", "x"));
        assertEquals(
                "protocol is not set: call protocol(...)",
                assertThrows(IllegalStateException.class, () -> Ranges.requireSet("protocol", null))
                        .getMessage());
    }

    private static String refusal(Executable check) {
        return assertThrows(IllegalArgumentException.class, check).getMessage();
    }
}
