package io.millrace.benchmarks.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisScenarioTest {
    @Test
    void missingProgramIsAFailureAndNoEmptyResult() throws Exception {
        RedisScenario scenario = new RedisScenario(1, () -> {
            throw new IOException("there is no redis-server");
        });
        try (Progress progress = Progress.start("test")) {
            IOException thrown = assertThrows(IOException.class, () -> scenario.measure(RunPlan.quick(), progress));
            assertEquals("there is no redis-server", thrown.getMessage());
        }
        assertEquals(Map.of(), scenario.versions());
    }
}
