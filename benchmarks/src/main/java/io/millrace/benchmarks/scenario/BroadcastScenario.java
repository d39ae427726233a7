package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

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
        List<String> contestants = Served.contestants(Role.BROADCAST, plan, progress);
        List<String> points = plan.pointsOr(POINTS);
        Turns turns = new Turns(name(), plan, progress);
        turns.expect(points.size(), contestants.size());
        List<PointResult> results = new ArrayList<>();
        for (String point : points) {
            String[] parts = point.split("x", -1);
            if (parts.length != 2) {
                throw new IllegalArgumentException("point is " + point + "; it must be CONNECTIONSxBYTES");
            }
            String count = Integer.toString(Descriptors.connections(Integer.parseInt(parts[0]), progress));
            List<String> load = List.of("shout", "--connections", count, "--bytes", parts[1]);
            results.add(turns.side(
                    count + "x" + parts[1],
                    contestants,
                    contestant -> new Told(Served.start(Served.Serving.of(Role.BROADCAST), contestant, load))));
        }
        return results;
    }

    /** A server, and those it tells. */
    private record Told(Served served) implements Turn {
        @Override
        public void warm(int millis) throws IOException {
            served.load().ask(Integer.toString(millis));
        }

        @Override
        public Map<Figure, Double> round(int millis) throws IOException {
            Meter meter = Meter.start(served.server());
            LoadResult result = Questions.read(served.load().ask(Integer.toString(millis)), LoadResult.class);
            Meter.Usage usage = meter.stop();
            Map<Figure, Double> figures = new EnumMap<>(Figure.class);
            figures.put(Figure.MESSAGES_PER_SECOND, result.perSecond());
            figures.put(Figure.CPU_NANOS_PER_MESSAGE, usage.cpuNanosPer(result.messages()));
            figures.put(Figure.ALLOCATED_BYTES_PER_MESSAGE, usage.allocatedBytesPer(result.messages()));
            figures.put(Figure.P50_NANOS, (double) result.p50Nanos());
            figures.put(Figure.P99_NANOS, (double) result.p99Nanos());
            figures.put(Figure.MAX_NANOS, (double) result.maxNanos());
            return figures;
        }

        @Override
        public void close() throws IOException {
            served.close();
        }
    }
}
