package io.millrace.benchmarks.redis;

import io.millrace.benchmarks.child.Cpu;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * redis-benchmark, run for one test after the other. It ends at the first error that a server replies with; whatever it
 * says beside its result is an error here, too.
 *
 * @param program the executable
 * @param port of the server
 */
record RedisLoad(Path program, int port) {
    private static final int CONNECTIONS = 50;
    private static final String HEADER = "\"test\",\"rps\",";

    /** Longer than a million requests take; it does not end by itself when it cannot connect. */
    private static final long PATIENCE_SECONDS = 300;

    private static final double NANOS_PER_MILLI = 1e6;

    // Columns of what it prints: test, rps, and of the milliseconds avg, min, p50, p95, p99, max.
    private static final int COLUMNS = 8;
    private static final int P50_COLUMN = 4;
    private static final int P99_COLUMN = 6;

    /**
     * What it found.
     *
     * @param perSecond requests; infinite if there were too few to be measured
     * @param p50Nanos what half of them took at most
     * @param p99Nanos what 99 % of them took at most
     */
    record Result(double perSecond, double p50Nanos, double p99Nanos) {}

    /** Sends so many requests, and returns when all are answered. */
    Result run(RedisPoint point, long requests) throws IOException {
        List<String> words = new ArrayList<>(Cpu.LOAD.prefix());
        words.addAll(List.of(program.toString(), "-p", Integer.toString(port), "-t", point.test(), "--csv"));
        words.addAll(List.of("-n", Long.toString(requests), "-c", Integer.toString(CONNECTIONS)));
        words.addAll(List.of("-P", Integer.toString(point.inFlight())));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
                process.destroyForcibly();
                return process;
            });
            List<String> lines = out.lines().toList();
            int status = process.onExit().join().exitValue();
            if (status != 0) {
                throw new IOException(
                        point + ": redis-benchmark ended with status " + status + ": " + String.join("; ", lines));
            }
            return parse(point, lines);
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Reads what it prints.
     *
     * @throws IOException if that is anything but the result of this test
     */
    static Result parse(RedisPoint point, List<String> lines) throws IOException {
        boolean isResult = lines.size() == 2
                && lines.get(0).startsWith(HEADER)
                && lines.get(1).startsWith("\"" + point.reported());
        String[] cells = isResult ? lines.get(1).replace("\"", "").split(",", -1) : new String[0];
        if (cells.length != COLUMNS) {
            throw new IOException(point + ": redis-benchmark did not print its result: " + String.join("; ", lines));
        }
        if (cells[1].equals("inf")) { // it counts whole milliseconds, and this took none
            return new Result(Double.POSITIVE_INFINITY, 0, 0);
        }
        return new Result(
                Double.parseDouble(cells[1]),
                Double.parseDouble(cells[P50_COLUMN]) * NANOS_PER_MILLI,
                Double.parseDouble(cells[P99_COLUMN]) * NANOS_PER_MILLI);
    }
}
