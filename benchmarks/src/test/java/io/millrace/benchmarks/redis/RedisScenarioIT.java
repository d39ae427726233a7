package io.millrace.benchmarks.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@Tag("heavy") // starts two servers, and a load for each test
class RedisScenarioIT {
    private static RedisTools tools;

    @BeforeAll
    static void needsRedisAndTheSamples() {
        try {
            tools = RedisTools.find();
        } catch (IOException e) {
            abort(e.getMessage());
        }
    }

    @Test
    void everyTestIsAnsweredByBothServersWithoutAnError() throws Exception {
        RunPlan plan = new RunPlan(1, 1, 0, 1, Set.of(), List.of());
        try (Progress progress = Progress.start("test")) {
            List<PointResult> results = new RedisScenario(3_000, RedisTools::find).measure(plan, progress);
            assertEquals(
                    RedisPoint.all(), results.stream().map(PointResult::point).toList());
            for (PointResult result : results) {
                assertEquals(Map.of(), result.absent());
                for (String contestant : List.of("millrace", "redis")) {
                    assertTrue(result.median(contestant, Figure.MESSAGES_PER_SECOND)
                                    .orElseThrow()
                            > 0);
                    assertTrue(result.median(contestant, Figure.CPU_NANOS_PER_MESSAGE)
                                    .orElseThrow()
                            > 0);
                }
            }
        }
    }

    @Test
    void serverThatEndsAtOnceIsNamed() throws Exception {
        IOException thrown = assertThrows(
                IOException.class,
                () -> ServerProcess.start(port -> List.of(tools.server().toString(), "--port", "none")));
        assertTrue(thrown.getMessage().contains("ended early with status 1"), thrown.getMessage());
        assertTrue(tools.version().matches("[\\d.]+"), tools.version());
    }
}
