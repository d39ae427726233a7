package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.LoadedServer;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import java.io.IOException;
import java.util.List;

/**
 * One connection says something, all hear it, then the next is said. A message is one delivery; latencies are those of
 * the last one to hear.
 */
public final class BroadcastScenario implements Scenario {
    /** Connections x bytes. */
    public static final List<String> POINTS = List.of("10000x64");

    @Override
    public String name() {
        return "broadcast";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.plain(name(), Role.BROADCAST, plan);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(point -> comparison(entrants, point))
                        .toList(),
                progress);
    }

    private static Comparison comparison(Entrants entrants, String point) {
        String[] parts = point.split("x", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException("point is " + point + "; it must be CONNECTIONSxBYTES");
        }
        int bytes = Integer.parseInt(parts[1]);
        List<String> load = List.of("shout", "--connections", parts[0], "--bytes", parts[1]);
        return entrants.comparison(
                point,
                Integer.parseInt(parts[0]),
                contestant -> new LoadedServer(Served.start(Serving.of(Role.BROADCAST, bytes), contestant, load)));
    }
}
