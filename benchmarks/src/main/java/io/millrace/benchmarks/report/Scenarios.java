package io.millrace.benchmarks.report;

import io.millrace.benchmarks.calls.CallScenario;
import io.millrace.benchmarks.run.EchoScenario;
import io.millrace.benchmarks.run.LatencyScenario;
import io.millrace.benchmarks.run.Scenario;
import java.util.List;

/** The scenarios that the report measures. */
final class Scenarios {
    private Scenarios() {}

    /** Returns them in the order in which they are measured. */
    static List<Scenario> all() {
        return List.of(new EchoScenario(), new LatencyScenario(), new CurvesScenario(), new CallScenario());
    }
}
