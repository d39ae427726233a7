package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Meter;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import io.millrace.benchmarks.run.Subject;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Connections that come, have one echo of 64 bytes, and go, as fast as one load process can. A round is a number of
 * connections, so that ports do not run out: those closed in good order stay taken for a while, those that are reset
 * (SO_LINGER 0) do not.
 */
public final class ChurnScenario implements Scenario {
    /** So many at once, and how the client closes them. */
    public static final List<String> POINTS = List.of("64-reset", "64-fin");

    private static final int PAYLOAD_BYTES = 64;
    private static final int ROUND_CONNECTIONS = 2_000;
    private static final int WARM_CONNECTIONS_PER_SECOND = 4_000;
    private static final int MILLIS_PER_SECOND = 1_000;

    private final int roundConnections;

    /** Makes the scenario with 2,000 connections a round. */
    public ChurnScenario() {
        this(ROUND_CONNECTIONS);
    }

    ChurnScenario(int roundConnections) {
        this.roundConnections = roundConnections;
    }

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.plain(name(), Role.ECHO, plan);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(point -> comparison(entrants, point))
                        .toList(),
                progress);
    }

    private Comparison comparison(Entrants entrants, String point) {
        String[] parts = point.split("-", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException("point is " + point + "; it must be PARALLEL-fin or PARALLEL-reset");
        }
        List<String> load = List.of("churn", "--parallel", parts[0], "--ending", parts[1].toUpperCase(Locale.ROOT));
        return entrants.comparison(
                point,
                Integer.parseInt(parts[0]),
                contestant -> new Passage(
                        Served.start(Serving.of(Role.ECHO, PAYLOAD_BYTES), contestant, load), roundConnections));
    }

    /** A server, and who passes through. */
    private record Passage(Served served, int connections) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            long count = (long) WARM_CONNECTIONS_PER_SECOND * millis / MILLIS_PER_SECOND;
            served.ask(Long.toString(Math.max(1, count)));
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            Meter meter = Meter.start(served.server());
            LoadResult result = Questions.read(served.ask(Integer.toString(connections)), LoadResult.class);
            Meter.Usage usage = meter.stop();
            Map<Figure, Double> figures = new EnumMap<>(Figure.class);
            figures.put(Figure.CONNECTIONS_PER_SECOND, result.perSecond());
            figures.put(Figure.CPU_NANOS_PER_CONNECTION, usage.cpuNanosPer(result.messages()));
            figures.put(Figure.ALLOCATED_BYTES_PER_CONNECTION, usage.allocatedBytesPer(result.messages()));
            figures.put(Figure.P50_NANOS, (double) result.p50Nanos());
            figures.put(Figure.P99_NANOS, (double) result.p99Nanos());
            return figures;
        }

        @Override
        public void close() {
            served.close();
        }
    }
}
