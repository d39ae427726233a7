package io.millrace.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.load.EchoPoint;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SweepTest {
    @Test
    void pointLiesOnTheCurvesOnWhichOnlyItsOwnPropertyDiffers() {
        EchoPoint crossing = EchoPoint.parse("64x1x64");
        assertTrue(Sweep.CONNECTIONS.has(crossing));
        assertTrue(Sweep.IN_FLIGHT.has(crossing));
        assertFalse(Sweep.BYTES.has(crossing));
    }

    @Test
    void everyCurveHasItsPointsFromEndToEnd() {
        assertEquals(List.of(1, 10, 64, 100, 1000, 15_000), values(Sweep.CONNECTIONS));
        assertEquals(List.of(1, 4, 16, 32, 128), values(Sweep.IN_FLIGHT));
        assertEquals(List.of(16, 256, 4096, 65_536, 1 << 20), values(Sweep.BYTES));
    }

    @Test
    void bytesAreMarkedInTheirLargestUnit() {
        assertEquals(
                List.of("16 B", "4 KiB", "1 MiB"),
                Stream.of(16, 4096, 1 << 20).map(Sweep.BYTES::mark).toList());
        assertEquals("15,000", Sweep.CONNECTIONS.mark(15_000));
    }

    private static List<Integer> values(Sweep sweep) {
        return CurvesScenario.POINTS.stream()
                .map(EchoPoint::parse)
                .filter(sweep::has)
                .map(sweep::value)
                .sorted()
                .toList();
    }
}
