package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.EchoPoint;
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
 * There and back through one process: load, proxy, echo. The proxy has a processor for itself; the load and the echo,
 * always the bare one, share the other.
 */
public final class ProxyScenario implements Scenario {
    /** What is measured if nothing else is asked for. */
    public static final List<String> POINTS = List.of("64x32x64");

    private static final String BACKEND = "nio2-bare";

    @Override
    public String name() {
        return "proxy";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        List<String> contestants = Served.contestants(Role.PROXY, plan, progress);
        List<String> points = plan.pointsOr(POINTS);
        Turns turns = new Turns(name(), plan, progress);
        turns.expect(points.size(), contestants.size());
        List<PointResult> results = new ArrayList<>();
        for (String point : points) {
            results.add(turns.side(point, contestants, contestant -> open(contestant, EchoPoint.parse(point))));
        }
        return results;
    }

    private static Turn open(String contestant, EchoPoint point) throws IOException {
        String maxFrame = Integer.toString(point.bytes());
        Child backend = Served.server(Served.Serving.of(Role.ECHO).with("--max-frame", maxFrame), Cpu.LOAD, BACKEND);
        try {
            Served.Serving proxy =
                    Served.Serving.of(Role.PROXY).with("--max-frame", maxFrame, "--target", backend.answer());
            return new Chain(backend, Served.start(proxy, contestant, List.of("load", "--point", point.toString())));
        } catch (IOException | RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    /** A proxy between its two neighbours. */
    private record Chain(Child backend, Served served) implements Turn {
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
            figures.put(Figure.P999_NANOS, (double) result.p999Nanos());
            return figures;
        }

        @Override
        public void close() throws IOException {
            try (backend) {
                served.close();
            }
        }
    }
}
