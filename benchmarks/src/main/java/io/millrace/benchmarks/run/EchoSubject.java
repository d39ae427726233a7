package io.millrace.benchmarks.run;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.JvmFigures;
import io.millrace.benchmarks.child.JvmOptions;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** An echo server in a JVM, and its load in another. */
final class EchoSubject implements Subject {
    private final Child server;
    private final Child load;

    private EchoSubject(Child server, Child load) {
        this.server = server;
        this.load = load;
    }

    static EchoSubject open(String contestant, EchoPoint point) throws IOException {
        Child server = Child.start(
                Cpu.SERVER,
                JvmOptions.server(Contestants.find(Role.ECHO, contestant).jvmOptions()),
                List.of("serve", "--role=" + Role.ECHO, "--contestant=" + contestant, "--max-frame=" + point.bytes()));
        try {
            String port = server.answer();
            Child load =
                    Child.start(Cpu.LOAD, JvmOptions.load(), List.of("load", "--port=" + port, "--point=" + point));
            EchoSubject subject = new EchoSubject(server, load);
            try {
                subject.load(load::answer);
            } catch (IOException e) {
                load.close();
                throw e;
            }
            return subject;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** What is asked of the load. */
    @FunctionalInterface
    private interface Answer {
        String await() throws IOException;
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
        return Questions.read(load(() -> load.ask(question)), LoadResult.class);
    }

    /** Asks the load to run, and returns what that cost the server. */
    Map<Figure, Double> measure(String question) throws IOException {
        long allocatedBefore = figures("figures").allocatedBytes();
        long serverBefore = server.cpuNanos();
        long loadBefore = load.cpuNanos();
        long began = System.nanoTime();
        LoadResult result = run(question);
        double nanos = System.nanoTime() - began;
        double loadNanos = load.cpuNanos() - loadBefore;
        double serverNanos = server.cpuNanos() - serverBefore;
        double allocated = figures("figures").allocatedBytes() - allocatedBefore;
        Map<Figure, Double> measured = new EnumMap<>(Figure.class);
        measured.put(Figure.MESSAGES_PER_SECOND, result.perSecond());
        measured.put(Figure.CPU_NANOS_PER_MESSAGE, serverNanos / result.messages());
        measured.put(Figure.P50_NANOS, (double) result.p50Nanos());
        measured.put(Figure.P99_NANOS, (double) result.p99Nanos());
        measured.put(Figure.P999_NANOS, (double) result.p999Nanos());
        measured.put(Figure.MAX_NANOS, (double) result.maxNanos());
        measured.put(Figure.ALLOCATED_BYTES_PER_MESSAGE, allocated / result.messages());
        if (result.lagNanos() > 0) {
            measured.put(Figure.LOAD_LAG_NANOS, (double) result.lagNanos()); // it spins, so its time says nothing
        } else {
            measured.put(Figure.LOAD_CPU_SHARE, loadNanos / nanos);
        }
        return measured;
    }

    @Override
    public Map<Figure, Double> atRest() throws IOException {
        JvmFigures figures = figures("collect");
        return Map.of(
                Figure.HEAP_BYTES, (double) figures.heapBytes(),
                Figure.DIRECT_BYTES, (double) figures.directBytes(),
                Figure.RESIDENT_BYTES, (double) server.residentBytes());
    }

    private JvmFigures figures(String question) throws IOException {
        return Questions.read(server.ask(question), JvmFigures.class);
    }

    /** Adds what the server said to why the load failed. */
    private String load(Answer answer) throws IOException {
        try {
            return answer.await();
        } catch (IOException e) {
            String words = server.lastWords();
            throw words.isEmpty() ? e : new IOException(e.getMessage() + "; the server said: " + words, e);
        }
    }

    @Override
    public void close() {
        load.close();
        server.close();
    }
}
