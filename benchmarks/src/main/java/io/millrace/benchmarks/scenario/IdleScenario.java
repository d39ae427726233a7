package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.JvmFigures;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.Subject;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a connection costs that has had one echo of 64 bytes and then does nothing. The server without connections is
 * subtracted, after it has served a few: what is loaded once is nobody's cost. Pools that grow with connections are.
 */
public final class IdleScenario implements Scenario {
    /** How many connections are held. */
    public static final List<String> POINTS = List.of("15000");

    private static final int FEW = 16;

    /** Memory does not depend on how long anything takes: a round is one look. */
    private static final int ROUNDS = 1;

    /**
     * Room for contestants with two buffers of 16 KiB for each connection; and Netty's direct memory is taken from the
     * JDK in the way that the JDK counts.
     */
    private static final Serving SERVING =
            Serving.of(Role.ECHO, 1024).withJvm("-Xms256m", "-Xmx2g", "-Dio.netty.maxDirectMemory=0");

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        RunPlan looks = new RunPlan(plan.trials(), ROUNDS, 0, 1, plan.contestants(), plan.once(), plan.points());
        Entrants entrants = Entrants.plain(name(), Role.ECHO, looks);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(Integer::valueOf)
                        .map(count -> entrants.comparison(
                                        count.toString(),
                                        count,
                                        contestant ->
                                                new Held(Served.start(SERVING, contestant, List.of("hold")), count))
                                .alone())
                        .toList(),
                progress);
    }

    /** A server, and who connects to it. */
    private record Held(Served served, int count) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            served.ask(Integer.toString(FEW));
            served.ask("close");
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            Memory before = Memory.of(served.server());
            served.ask(Integer.toString(count));
            Memory held = Memory.of(served.server());
            served.ask("close");
            Map<Figure, Double> figures = new EnumMap<>(Figure.class);
            double heap = (double) (held.heap() - before.heap()) / count;
            double direct = (double) (held.direct() - before.direct()) / count;
            figures.put(Figure.HEAP_AND_DIRECT_BYTES_PER_CONNECTION, heap + direct);
            figures.put(Figure.HEAP_BYTES_PER_CONNECTION, heap);
            figures.put(Figure.DIRECT_BYTES_PER_CONNECTION, direct);
            figures.put(Figure.RESIDENT_BYTES_PER_CONNECTION, (double) (held.resident() - before.resident()) / count);
            figures.put(Figure.HEAP_BYTES, (double) held.heap());
            figures.put(Figure.DIRECT_BYTES, (double) held.direct());
            figures.put(Figure.RESIDENT_BYTES, (double) held.resident());
            return figures;
        }

        @Override
        public void close() {
            served.close();
        }
    }

    /** What a server holds. */
    private record Memory(long heap, long direct, long resident) {
        static Memory of(Child server) throws IOException {
            server.ask("collect"); // direct buffers that nobody has any more are freed after a collection
            JvmFigures figures = Questions.read(server.ask("collect"), JvmFigures.class);
            return new Memory(figures.heapBytes(), figures.directBytes(), server.residentBytes());
        }
    }
}
