package io.millrace.benchmarks.report;

import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.EchoScenario;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.util.List;

/** Echo while the number of connections, of messages in flight, or of bytes grows. */
final class CurvesScenario implements Scenario {
    /** Those of every {@link Sweep}. */
    static final List<String> POINTS = List.of(
            "1x1x64",
            "10x1x64",
            "100x1x64",
            "1000x1x64",
            "15000x1x64",
            "64x1x64",
            "64x4x64",
            "64x16x64",
            "64x32x64",
            "64x128x64",
            "16x1x16",
            "16x1x256",
            "16x1x4096",
            "16x1x65536",
            "16x1x1048576");

    @Override
    public String name() {
        return "curves";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws Exception {
        return new EchoScenario()
                .measure(plan.withPoints(plan.pointsOr(POINTS)), progress).stream()
                        .map(point -> new PointResult(name(), point.point(), point.series(), point.absent()))
                        .toList();
    }
}
