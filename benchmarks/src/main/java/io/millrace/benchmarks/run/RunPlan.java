package io.millrace.benchmarks.run;

import java.util.List;
import java.util.Set;

/**
 * How often, how long and what is measured.
 *
 * @param trials how often all processes are started afresh
 * @param roundsPerTrial how often each contestant has its turn in a trial
 * @param warmMillis how long each is loaded before the first round of a trial
 * @param roundMillis how long a turn is
 * @param contestants the names of those that are wanted; empty for all
 * @param once those of them that are in the first trial only
 * @param points those that are wanted, in their order; empty for all that a scenario has
 */
public record RunPlan(
        int trials,
        int roundsPerTrial,
        int warmMillis,
        int roundMillis,
        Set<String> contestants,
        Set<String> once,
        List<String> points) {
    /** Checks the numbers, and keeps copies. */
    public RunPlan {
        requireAtLeast("trials", trials, 1);
        requireAtLeast("roundsPerTrial", roundsPerTrial, 1);
        requireAtLeast("warmMillis", warmMillis, 0);
        requireAtLeast("roundMillis", roundMillis, 1);
        contestants = Set.copyOf(contestants);
        once = Set.copyOf(once);
        points = List.copyOf(points);
    }

    /** Makes a plan in which all contestants are in every trial. */
    public RunPlan(
            int trials,
            int roundsPerTrial,
            int warmMillis,
            int roundMillis,
            Set<String> contestants,
            List<String> points) {
        this(trials, roundsPerTrial, warmMillis, roundMillis, contestants, Set.of(), points);
    }

    /** Returns what published figures are measured with: 15 pairs from three starts. */
    public static RunPlan standard() {
        return new RunPlan(3, 5, 2_500, 500, Set.of(), List.of());
    }

    /** Returns what is enough to see whether everything runs. */
    public static RunPlan quick() {
        return new RunPlan(1, 2, 200, 100, Set.of(), List.of());
    }

    /** Returns this plan for these contestants only. */
    public RunPlan withContestants(Set<String> wanted) {
        return new RunPlan(trials, roundsPerTrial, warmMillis, roundMillis, wanted, once, points);
    }

    /** Returns this plan for these points only. */
    public RunPlan withPoints(List<String> wanted) {
        return new RunPlan(trials, roundsPerTrial, warmMillis, roundMillis, contestants, once, wanted);
    }

    /** Returns this plan with so many trials at most. */
    public RunPlan withTrialsUpTo(int most) {
        return new RunPlan(Math.min(trials, most), roundsPerTrial, warmMillis, roundMillis, contestants, once, points);
    }

    /** Returns this plan with so many rounds in a trial at most. */
    public RunPlan withRoundsUpTo(int most) {
        return new RunPlan(trials, Math.min(roundsPerTrial, most), warmMillis, roundMillis, contestants, once, points);
    }

    /** Returns this plan with these contestants in the first trial only. */
    public RunPlan withOnce(Set<String> few) {
        return new RunPlan(trials, roundsPerTrial, warmMillis, roundMillis, contestants, few, points);
    }

    /** Returns this plan with turns of another length. */
    public RunPlan withRoundMillis(int millis) {
        return new RunPlan(trials, roundsPerTrial, warmMillis, millis, contestants, once, points);
    }

    /** Returns whether a contestant is to be measured. */
    public boolean wants(String contestant) {
        return contestants.isEmpty() || contestants.contains(contestant);
    }

    /** Returns in how many trials a contestant is. */
    public int trialsOf(String contestant) {
        return once.contains(contestant) ? 1 : trials;
    }

    /** Returns the points to measure, those of the scenario where none were named. */
    public List<String> pointsOr(List<String> defaults) {
        return points.isEmpty() ? defaults : points;
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
        }
    }
}
