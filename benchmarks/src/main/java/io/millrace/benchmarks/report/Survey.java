package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.time.Duration;
import java.util.List;

/**
 * Measures scenarios one after the other, and publishes after each what there is by then.
 *
 * @param publication where it is written
 * @param plan how often and how long each is measured
 * @param environment where that is
 */
record Survey(Publication publication, RunPlan plan, Environment environment) {
    /**
     * Measures, and says how far it is.
     *
     * @param known what was measured before; points that are measured again are replaced
     */
    void run(RunResult known, List<Scenario> scenarios) throws Exception {
        List<Part> parts =
                scenarios.stream().map(scenario -> Part.of(scenario.name())).toList();
        Estimate estimate = new Estimate(plan);
        RunResult run = known;
        for (int i = 0; i < scenarios.size(); i++) {
            System.err.printf(
                    "%d of %d: %s; all is done in about %s%n",
                    i + 1,
                    scenarios.size(),
                    parts.get(i).scenario(),
                    words(estimate.left(parts.subList(i, parts.size()))));
            long began = System.nanoTime();
            run = run.merge(new RunResult(environment, measure(scenarios.get(i))));
            publication.write(run);
            estimate.done(parts.get(i), Duration.ofNanos(System.nanoTime() - began));
        }
    }

    private List<PointResult> measure(Scenario scenario) throws Exception {
        try (Progress progress = Progress.start(scenario.name())) {
            return scenario.measure(plan, progress);
        }
    }

    private static String words(Duration duration) {
        return duration.toMinutes() == 0 ? duration.toSeconds() + " s" : duration.toMinutes() + " min";
    }
}
