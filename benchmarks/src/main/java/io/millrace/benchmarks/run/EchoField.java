package io.millrace.benchmarks.run;

import io.millrace.benchmarks.child.Limits;
import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The echo contestants that a plan wants and this machine can run.
 *
 * @param scenario that they are measured for
 * @param plan how often and how long
 * @param contestants that can run
 * @param unavailable those that cannot, with the reason
 */
record EchoField(String scenario, RunPlan plan, List<String> contestants, Map<String, String> unavailable) {
    /** Looks who can run. */
    static EchoField of(String scenario, RunPlan plan) {
        List<String> contestants = new ArrayList<>();
        Map<String, String> unavailable = new TreeMap<>();
        for (Contestant contestant : Contestants.in(Role.ECHO)) {
            if (plan.wants(contestant.name())) {
                String reason = contestant.unavailable();
                if (reason.isEmpty()) {
                    contestants.add(contestant.name());
                } else {
                    unavailable.put(contestant.name(), reason);
                }
            }
        }
        return new EchoField(scenario, plan, contestants, unavailable);
    }

    /** Measures one comparison after another; one that the system's limits do not allow is left out with the reason. */
    List<PointResult> measure(List<EchoPoint> points, Function<EchoPoint, Comparison> comparisons, Progress progress)
            throws IOException {
        Limits limits = Limits.read();
        Map<EchoPoint, Comparison> all = new LinkedHashMap<>();
        points.forEach(point -> all.put(point, comparisons.apply(point)));
        all.values().forEach(comparison -> progress.expect(comparison.steps(plan)));
        unavailable.forEach(
                (contestant, reason) -> progress.note(scenario + ": without " + contestant + ": " + reason));
        List<PointResult> results = new ArrayList<>();
        all.forEach((point, comparison) -> {
            String obstacle = limits.obstacle(point.connections());
            if (obstacle.isEmpty()) {
                results.addAll(SideBySide.measure(scenario, plan, progress, comparison));
            } else {
                progress.note(scenario + ": without " + point + ": " + obstacle);
                progress.step(comparison.steps(plan));
                results.addAll(leftOut(comparison, obstacle));
            }
        });
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
