package io.millrace.benchmarks.run;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.JvmFigures;
import io.millrace.benchmarks.child.Meter;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A server in a JVM, and its load in another, which answers a number of milliseconds with what came back in them.
 *
 * @param served both
 * @param behind the processes that the server passes messages on to; they end after it
 */
public record LoadedServer(Served served, List<Child> behind) implements Subject {
    /** Keeps a copy. */
    public LoadedServer {
        behind = List.copyOf(behind);
    }

    /** Makes one that needs nobody else. */
    public LoadedServer(Served served) {
        this(served, List.of());
    }

    @Override
    public void warm(int millis) throws IOException {
        run(Integer.toString(millis));
    }

    @Override
    public Map<Figure, Double> measure(String point, int millis) throws IOException {
        return measure(Integer.toString(millis));
    }

    /** Asks the load to run. */
    LoadResult run(String question) throws IOException {
        return Questions.read(served.ask(question), LoadResult.class);
    }

    /** Asks the load to run, and returns what that cost the server. */
    Map<Figure, Double> measure(String question) throws IOException {
        Meter meter = Meter.start(served.server());
        long loadBefore = served.load().cpuNanos();
        long began = System.nanoTime();
        LoadResult result = run(question);
        double nanos = System.nanoTime() - began;
        double loadNanos = served.load().cpuNanos() - loadBefore;
        Meter.Usage usage = meter.stop();
        Map<Figure, Double> measured = new EnumMap<>(Figure.class);
        measured.put(Figure.MESSAGES_PER_SECOND, result.perSecond());
        measured.put(Figure.CPU_NANOS_PER_MESSAGE, usage.cpuNanosPer(result.messages()));
        measured.put(Figure.P50_NANOS, (double) result.p50Nanos());
        measured.put(Figure.P99_NANOS, (double) result.p99Nanos());
        measured.put(Figure.P999_NANOS, (double) result.p999Nanos());
        measured.put(Figure.MAX_NANOS, (double) result.maxNanos());
        measured.put(Figure.ALLOCATED_BYTES_PER_MESSAGE, usage.allocatedBytesPer(result.messages()));
        if (result.lagNanos() > 0) {
            measured.put(Figure.LOAD_LAG_NANOS, (double) result.lagNanos()); // it spins, so its time says nothing
        } else {
            measured.put(Figure.LOAD_CPU_SHARE, loadNanos / nanos);
        }
        return measured;
    }

    @Override
    public Map<Figure, Double> atRest() throws IOException {
        JvmFigures figures = Questions.read(served.server().ask("collect"), JvmFigures.class);
        return Map.of(
                Figure.HEAP_BYTES, (double) figures.heapBytes(),
                Figure.DIRECT_BYTES, (double) figures.directBytes(),
                Figure.RESIDENT_BYTES, (double) served.server().residentBytes());
    }

    @Override
    public void close() {
        served.close();
        behind.forEach(Child::close);
    }
}
