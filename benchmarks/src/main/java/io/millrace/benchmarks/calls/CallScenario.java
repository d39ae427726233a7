package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.scenario.Meter;
import io.millrace.benchmarks.scenario.Turn;
import io.millrace.benchmarks.scenario.Turns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Request/reply: server and client are both measured, each on a processor of its own. */
public final class CallScenario implements Scenario {
    /** 1,000 requests in flight, asked in each way, over one connection and over 16. */
    public static final List<String> POINTS =
            List.of("1x1000x64", "16x1000x64", "1x1000x64-thread", "16x1000x64-thread");

    private static final List<String> SMALL_HEAP = List.of("-Xmx256m");

    @Override
    public String name() {
        return "calls";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        List<String> contestants = Arrays.stream(CallContestant.values())
                .filter(contestant -> contestant.unavailable().isEmpty())
                .map(CallContestant::title)
                .filter(plan::wants)
                .toList();
        List<String> points = plan.pointsOr(POINTS);
        Turns turns = new Turns(name(), plan, progress);
        turns.expect(points.size(), contestants.size());
        List<PointResult> results = new ArrayList<>();
        for (String point : points) {
            results.add(turns.side(point, contestants, contestant -> open(contestant, point)));
        }
        return results;
    }

    private static Turn open(String contestant, String point) throws IOException {
        Child server = Child.start(Cpu.SERVER, SMALL_HEAP, List.of("answer", "--contestant", contestant));
        try {
            String port = server.answer();
            Child client = Child.start(
                    Cpu.LOAD, SMALL_HEAP, List.of("ask", "--contestant", contestant, "--port", port, "--point", point));
            client.answer();
            return new Pair(server, client);
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** The two processes of a contestant. */
    private record Pair(Child server, Child client) implements Turn {
        @Override
        public void warm(int millis) throws IOException {
            client.ask(Integer.toString(millis));
        }

        @Override
        public Map<Figure, Double> round(int millis) throws IOException {
            Meter serverMeter = Meter.start(server);
            Meter clientMeter = Meter.start(client);
            LoadResult result = Questions.read(client.ask(Integer.toString(millis)), LoadResult.class);
            Meter.Usage serverUsage = serverMeter.stop();
            Meter.Usage clientUsage = clientMeter.stop();
            long calls = result.messages();
            Map<Figure, Double> figures = new EnumMap<>(Figure.class);
            figures.put(Figure.MESSAGES_PER_SECOND, result.perSecond());
            figures.put(Figure.CPU_NANOS_PER_MESSAGE, serverUsage.cpuNanosPer(calls) + clientUsage.cpuNanosPer(calls));
            figures.put(Figure.SERVER_CPU_NANOS_PER_MESSAGE, serverUsage.cpuNanosPer(calls));
            figures.put(Figure.CLIENT_CPU_NANOS_PER_MESSAGE, clientUsage.cpuNanosPer(calls));
            figures.put(Figure.ALLOCATED_BYTES_PER_MESSAGE, serverUsage.allocatedBytesPer(calls));
            figures.put(Figure.CLIENT_ALLOCATED_BYTES_PER_MESSAGE, clientUsage.allocatedBytesPer(calls));
            figures.put(Figure.P50_NANOS, (double) result.p50Nanos());
            figures.put(Figure.P99_NANOS, (double) result.p99Nanos());
            figures.put(Figure.P999_NANOS, (double) result.p999Nanos());
            return figures;
        }

        @Override
        public void close() throws IOException {
            try (server) {
                client.close();
            }
        }
    }
}
