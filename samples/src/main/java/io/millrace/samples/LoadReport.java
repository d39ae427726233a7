package io.millrace.samples;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What a load run has seen so far, and the table that shows it.
 *
 * <p>Threading: Thread-safe.
 */
final class LoadReport {
    private static final double MIB = 1 << 20;
    private static final int SIGNIFICANT_DIGITS = 3;

    private final Histogram latencyNanos = new ConcurrentHistogram(SIGNIFICANT_DIGITS);
    private final LongAdder opened = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private final LongAdder messages = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private volatile long startNanos = System.nanoTime();
    private volatile long stopNanos = startNanos;

    /** Begins to measure the time. */
    void start() {
        startNanos = System.nanoTime();
    }

    /** Ends the measured time, before the connections close. */
    void stop() {
        stopNanos = System.nanoTime();
    }

    void opened() {
        opened.increment();
    }

    void closed() {
        closed.increment();
    }

    /** Counts a message that went to the server and came back. */
    void echoed(int messageBytes, long nanos) {
        messages.increment();
        bytes.add(messageBytes);
        latencyNanos.recordValue(Math.max(nanos, 0));
    }

    /** Returns how long the run has been going on. */
    long seconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    }

    long messages() {
        return messages.sum();
    }

    long bytes() {
        return bytes.sum();
    }

    /** Returns how far the run has come, in a few words. */
    String note() {
        return String.format(Locale.ROOT, "%,d messages", messages());
    }

    /** Prints the table of a finished run. */
    void print(PrintWriter out) {
        double seconds = (stopNanos - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
        double mebibytes = bytes() / MIB;
        row(out, "connections", "%,d opened, %,d closed", opened.sum(), closed.sum());
        row(out, "messages", "%,d sent and echoed in %.2f s", messages(), seconds);
        row(out, "bytes", "%,.1f MiB each way", mebibytes);
        row(out, "throughput", "%,.0f messages/s, %,.1f MiB/s each way", messages() / seconds, mebibytes / seconds);
        latencyRow(out, "latency p50", latencyNanos.getValueAtPercentile(50));
        latencyRow(out, "        p90", latencyNanos.getValueAtPercentile(90));
        latencyRow(out, "        p99", latencyNanos.getValueAtPercentile(99));
        latencyRow(out, "        p99.9", latencyNanos.getValueAtPercentile(99.9));
        latencyRow(out, "        max", latencyNanos.getMaxValue());
    }

    private static void latencyRow(PrintWriter out, String name, long nanos) {
        row(out, name, "%,10.3f ms", nanos / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    /** Prints one row of the table. */
    static void row(PrintWriter out, String name, String format, Object... values) {
        out.printf(Locale.ROOT, "  %-16s %s%n", name, String.format(Locale.ROOT, format, values));
    }
}
