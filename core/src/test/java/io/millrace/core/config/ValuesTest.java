package io.millrace.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
    private static String refusal(Executable parse) {
        return assertThrows(IllegalArgumentException.class, parse).getMessage();
    }

    @ParameterizedTest
    @CsvSource({"0,0", "512,512", "512B,512", "64KiB,65536", "4 MiB,4194304", "1GiB,1073741824", "1.5KiB,1536"})
    void sizeIsInBytes(String text, long bytes) {
        assertEquals(bytes, Values.bytes(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "64KB", "64k", "64kib", "-1", "KiB", "1e3", "4MiB4"})
    void sizeOfAnotherShapeIsRefusedWithExamples(String text) {
        assertEquals("it must be a size such as 512, 64KiB, 4MiB or 1GiB", refusal(() -> Values.bytes(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"99999999999GiB", "0.5B", "0.3KiB"})
    void sizeThatIsNoWholeNumberOfBytesIsRefused(String text) {
        assertEquals("it must be a whole number of bytes, less than 8 EiB", refusal(() -> Values.bytes(text)));
    }

    @ParameterizedTest
    @CsvSource({
        "0,PT0S",
        "500ms,PT0.5S",
        "30s,PT30S",
        "2min,PT2M",
        "1.5h,PT1H30M",
        "365d,PT8760H",
        "7us,PT0.000007S",
        "9 ns,PT0.000000009S"
    })
    void durationHasAUnit(String text, Duration duration) {
        assertEquals(duration, Values.duration(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "30S", "1m", "-1s", "1 day", "1h30min"})
    void durationOfAnotherShapeIsRefusedWithExamples(String text) {
        assertEquals(
                "it must be a duration such as 500ms, 30s, 2min, 1h or 1d, or 0", refusal(() -> Values.duration(text)));
    }

    @Test
    void durationBeyondTheCountOfNanosecondsIsRefused() {
        assertEquals(
                "it must be a whole number of nanoseconds, less than 292 years",
                refusal(() -> Values.duration("200000d")));
    }

    @Test
    void numbersFlagsAndConstantsAreStrict() {
        assertEquals(1_000_000, Values.whole("1_000_000"));
        assertEquals("it must be a whole number", refusal(() -> Values.whole("1.0")));
        assertEquals(List.of(true, false), List.of(Values.flag("true"), Values.flag("false")));
        assertEquals("it must be true or false", refusal(() -> Values.flag("yes")));
        assertEquals(TimeUnit.SECONDS, Values.choice("seconds", TimeUnit.values()));
        assertEquals(
                "it must be one of NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS",
                refusal(() -> Values.choice("weeks", TimeUnit.values())));
    }

    @Test
    void closestWordNeedsTheFewestChanges() {
        List<String> known = List.of("idleTimeout", "readIdleTimeout", "port");
        assertEquals("idleTimeout", Closest.to("idletimeot", known));
        assertEquals("port", Closest.to("prot", known));
        assertEquals(null, Closest.to("port", List.of()));
        assertEquals(null, Closest.to("host", List.of("jmx", "endpoint")));
    }
}
