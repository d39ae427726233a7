package io.millrace.benchmarks.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scenarios from end to end, with processes of their own and as little work as there can be. */
@Timeout(60)
@Tag("heavy") // starts many JVMs
class ScenariosIT {
    @Test
    void connectionsThatComeAndGoAreMeasured() throws Exception {
        assertMeasured(
                new ChurnScenario(10), "2-reset", Figure.CPU_NANOS_PER_CONNECTION, Figure.CONNECTIONS_PER_SECOND);
    }

    @Test
    void firstEchoIsMeasured() throws Exception {
        assertMeasured(new FirstEchoScenario(), "1x1x64", Figure.FIRST_ECHO_NANOS, Figure.FIRST_ECHO_CPU_NANOS);
    }

    @Test
    void garbageIsCounted() throws Exception {
        assertMeasured(new GarbageScenario(), "1x1x64", Figure.ENGINE_BYTES_PER_MESSAGE);
    }

    private static void assertMeasured(Scenario scenario, String point, Figure... figures) throws Exception {
        RunPlan plan = new RunPlan(1, 1, 0, 1, Set.of("nio2-bare"), List.of(point));
        try (Progress progress = Progress.start("test")) {
            List<PointResult> results = scenario.measure(plan, progress);
            assertEquals(1, results.size());
            PointResult result = results.get(0);
            assertEquals(Map.of(), result.absent());
            assertEquals(point, result.point());
            for (Figure figure : figures) {
                assertTrue(result.median("nio2-bare", figure).orElseThrow() > 0, figure::name);
            }
        }
    }
}
