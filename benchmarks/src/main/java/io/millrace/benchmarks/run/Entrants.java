package io.millrace.benchmarks.run;

import io.millrace.benchmarks.child.Limits;
import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who takes part in a scenario: the contestants that a plan wants and this machine can run.
 *
 * @param scenario that they are measured for
 * @param plan how often and how long
 * @param contestants that can run, in the order of tables
 * @param unavailable those that cannot, with the reason
 */
public record Entrants(String scenario, RunPlan plan, List<String> contestants, Map<String, String> unavailable) {
    /** Looks who can run in a role. */
    public static Entrants of(String scenario, Role role, RunPlan plan) {
        return of(scenario, Contestants.in(role), plan);
    }

    /** Looks who can run where a flag of a contestant's JVM changes nothing worth a row: those with one stay out. */
    public static Entrants plain(String scenario, Role role, RunPlan plan) {
        return of(
                scenario,
                Contestants.in(role).stream()
                        .filter(contestant -> contestant.jvmOptions().isEmpty())
                        .toList(),
                plan);
    }

    private static Entrants of(String scenario, List<Contestant> contestants, RunPlan plan) {
        Map<String, String> obstacles = new LinkedHashMap<>();
        contestants.forEach(contestant -> obstacles.put(contestant.name(), contestant.unavailable()));
        return of(scenario, obstacles, plan);
    }

    /**
     * Looks who can run.
     *
     * @param obstacles all there are, in the order of tables, each with why it cannot run here, or an empty text
     */
    public static Entrants of(String scenario, Map<String, String> obstacles, RunPlan plan) {
        List<String> contestants = new ArrayList<>();
        Map<String, String> unavailable = new TreeMap<>();
        obstacles.forEach((contestant, obstacle) -> {
            if (plan.wants(contestant)) {
                if (obstacle.isEmpty()) {
                    contestants.add(contestant);
                } else {
                    unavailable.put(contestant, obstacle);
                }
            }
        });
        return new Entrants(scenario, plan, contestants, unavailable);
    }

    /** Returns the comparison of all at a point. */
    public Comparison comparison(String point, int connections, Subject.Opener opener) {
        return new Comparison(List.of(point), connections, contestants, opener);
    }

    /** Measures one comparison after another; one that the system's limits do not allow is left out with the reason. */
    public List<PointResult> measure(List<Comparison> comparisons, Progress progress) throws IOException {
        Limits limits = Limits.read();
        comparisons.forEach(comparison -> progress.expect(comparison.steps(plan)));
        unavailable.forEach(
                (contestant, reason) -> progress.note(scenario + ": without " + contestant + ": " + reason));
        List<PointResult> results = new ArrayList<>();
        for (Comparison comparison : comparisons) {
            String obstacle = limits.obstacle(comparison.connections());
            if (obstacle.isEmpty()) {
                results.addAll(SideBySide.measure(scenario, plan, progress, comparison));
            } else {
                progress.note(scenario + ": without " + comparison.points() + ": " + obstacle);
                progress.step(comparison.steps(plan));
                results.addAll(leftOut(comparison, obstacle));
            }
        }
        return results.stream().map(result -> result.withAbsent(unavailable)).toList();
    }

    private List<PointResult> leftOut(Comparison comparison, String reason) {
        Map<String, String> absent = new TreeMap<>();
        contestants.forEach(contestant -> absent.put(contestant, reason));
        return comparison.points().stream()
                .map(point -> new PointResult(scenario, point, List.of(), absent))
                .toList();
    }
}
