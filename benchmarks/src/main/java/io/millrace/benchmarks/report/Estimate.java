package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.run.RunPlan;
import java.time.Duration;
import java.util.List;

/** Tells how long the scenarios that are left may take, from how long those that are done took. */
final class Estimate {
    /** What the start of a server and its load takes, about. */
    private static final long START_MILLIS = 1_000;

    private final double factor;

    // Confined to the thread that measures.
    private Duration expectedOfDone = Duration.ZERO;
    private Duration took = Duration.ZERO;

    /** Begins with what the plan is, beside the standard one. */
    Estimate(RunPlan plan) {
        factor = (double) millis(plan) / millis(RunPlan.standard());
    }

    /** Counts a scenario. */
    void done(Part part, Duration duration) {
        expectedOfDone = expectedOfDone.plus(part.expected());
        took = took.plus(duration);
    }

    /** Returns how long these will take. */
    Duration left(List<Part> parts) {
        double expected =
                parts.stream().mapToLong(part -> part.expected().toSeconds()).sum();
        double pace = expectedOfDone.isZero() ? factor : (double) took.toSeconds() / expectedOfDone.toSeconds();
        return Duration.ofSeconds(Math.round(expected * pace));
    }

    private static long millis(RunPlan plan) {
        return plan.trials() * (START_MILLIS + plan.warmMillis() + (long) plan.roundsPerTrial() * plan.roundMillis());
    }
}
