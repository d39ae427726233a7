package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.JvmOptions;
import io.millrace.benchmarks.child.Meter;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.Subject;
import java.io.IOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Request/reply: server and client are both measured, each on a processor of its own. */
public final class CallScenario implements Scenario {
    /** 1,000 requests in flight, asked in each way, over one connection and over 16. */
    public static final List<String> POINTS =
            List.of("1x1000x64", "16x1000x64", "1x1000x64-thread", "16x1000x64-thread");

    @Override
    public String name() {
        return "calls";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Map<String, String> obstacles = new LinkedHashMap<>();
        for (CallContestant contestant : CallContestant.values()) {
            obstacles.put(contestant.title(), contestant.unavailable());
        }
        Entrants entrants = Entrants.of(name(), obstacles, plan);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(CallPoint::parse)
                        .map(point -> entrants.comparison(
                                point.toString(), point.connections(), contestant -> open(contestant, point)))
                        .toList(),
                progress);
    }

    private static Subject open(String contestant, CallPoint point) throws IOException {
        List<String> options = JvmOptions.server(List.of());
        Child server = Child.start(Cpu.SERVER, options, List.of("answer", "--contestant", contestant));
        try {
            List<String> ask =
                    List.of("ask", "--contestant", contestant, "--port", server.answer(), "--point", point.toString());
            return new Pair(Served.start(server, options, ask));
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** The two processes of a contestant, the client in the place of the load. */
    private record Pair(Served served) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            new WarmUp(served).run(millis);
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            Meter serverMeter = Meter.start(served.server());
            Meter clientMeter = Meter.start(served.load());
            LoadResult result = Questions.read(served.ask(Integer.toString(millis)), LoadResult.class);
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
        public void close() {
            served.close();
        }
    }
}
