package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures scenarios one after the other, and publishes after each what there is by then. One that fails does not stop
 * the others.
 *
 * @param publication where it is written
 * @param plan how often and how long each is measured at most
 * @param environment where that is
 */
record Survey(Publication publication, RunPlan plan, Environment environment) {
    /**
     * Measures, and says how far it is.
     *
     * @param known what was measured before; points that are measured again are replaced
     * @return why scenarios could not be measured, by their names; those keep what was known
     */
    Map<String, Exception> run(RunResult known, List<Scenario> scenarios) throws IOException {
        List<Part> parts =
                scenarios.stream().map(scenario -> Part.of(scenario.name())).toList();
        Map<String, Exception> failures = new LinkedHashMap<>();
        Estimate estimate = new Estimate(plan);
        RunResult run = known;
        for (int i = 0; i < scenarios.size(); i++) {
            Part part = parts.get(i);
            System.err.printf(
                    "%d of %d: %s, about %s; all is done in about %s%n",
                    i + 1,
                    scenarios.size(),
                    part.scenario(),
                    words(estimate.left(List.of(part))),
                    words(estimate.left(parts.subList(i, parts.size()))));
            long began = System.nanoTime();
            try {
                run = run.merge(new RunResult(environment, measure(scenarios.get(i), Depth.of(part, plan))));
                estimate.done(part, Duration.ofNanos(System.nanoTime() - began));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failures.put(part.scenario(), e);
                return failures;
            } catch (Exception e) {
                System.err.println(part.scenario() + " could not be measured: " + e);
                failures.put(part.scenario(), e);
            }
            publication.write(run);
        }
        return failures;
    }

    private static List<PointResult> measure(Scenario scenario, RunPlan plan) throws Exception {
        try (Progress progress = Progress.start(scenario.name())) {
            return scenario.measure(plan, progress);
        }
    }

    private static String words(Duration duration) {
        return duration.toMinutes() == 0 ? duration.toSeconds() + " s" : duration.toMinutes() + " min";
    }
}
