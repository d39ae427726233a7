package io.millrace.benchmarks.report;

import io.millrace.benchmarks.calls.CallScenario;
import io.millrace.benchmarks.redis.RedisScenario;
import io.millrace.benchmarks.run.EchoScenario;
import io.millrace.benchmarks.run.LatencyScenario;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.scenario.BroadcastScenario;
import io.millrace.benchmarks.scenario.ChurnScenario;
import io.millrace.benchmarks.scenario.FirstEchoScenario;
import io.millrace.benchmarks.scenario.GarbageScenario;
import io.millrace.benchmarks.scenario.IdleScenario;
import io.millrace.benchmarks.scenario.ProxyScenario;
import java.util.List;

/** The scenarios that the report measures. */
final class Scenarios {
    private Scenarios() {}

    /** Returns them in the order in which they are measured. */
    static List<Scenario> all() {
        return List.of(
                new EchoScenario(),
                new LatencyScenario(),
                new CurvesScenario(),
                new GarbageScenario(),
                new CallScenario(),
                new ProxyScenario(),
                new ChurnScenario(),
                new BroadcastScenario(),
                new IdleScenario(),
                new FirstEchoScenario(),
                new RedisScenario());
    }
}
