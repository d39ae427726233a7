package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.PoolStats;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What a client does, a line at a time: the work since the last line, and the connections now. One thread prints. */
final class LiveStatistics {
    private static final int LINES_PER_HEADING = 20;

    private final TcpClient client;
    private final RequestLoad load;
    private final PrintWriter out;
    private final long startNanos = System.nanoTime();

    private long lastNanos = startNanos;
    private long shownAnswers;
    private long shownRetries;
    private long shownFailures;
    private int lines;

    LiveStatistics(TcpClient client, RequestLoad load, PrintWriter out) {
        this.client = client;
        this.load = load;
        this.out = out;
    }

    /** Returns how long this has been going on, in seconds. */
    double seconds() {
        return (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    void printLine() {
        if (lines++ % LINES_PER_HEADING == 0) {
            out.printf(
                    "%6s %12s %10s %6s %6s %9s %9s %8s %8s %9s %9s%n",
                    "time s",
                    "answered/s",
                    "in flight",
                    "open",
                    "idle",
                    "opening",
                    "waiting",
                    "retries",
                    "failed",
                    "p50 ms",
                    "p99 ms");
        }
        long now = System.nanoTime();
        long answers = load.answered();
        long retries = client.stats().retries();
        long failures = load.failed();
        PoolStats pool = client.poolStats();
        Histogram latencies = load.latestLatencies();
        out.printf(
                Locale.ROOT,
                "%6.1f %,12.0f %,10d %,6d %,6d %,9d %,9d %,8d %,8d %9.3f %9.3f%n",
                seconds(),
                (answers - shownAnswers) * (double) TimeUnit.SECONDS.toNanos(1) / (now - lastNanos),
                client.endpoints().stream()
                        .mapToInt(EndpointStats::requestsInFlight)
                        .sum(),
                pool.open(),
                pool.idle(),
                pool.opening(),
                pool.waiting(),
                retries - shownRetries,
                failures - shownFailures,
                millis(latencies, 50),
                millis(latencies, 99));
        out.flush();
        lastNanos = now;
        shownAnswers = answers;
        shownRetries = retries;
        shownFailures = failures;
    }

    /** Prints the table of a finished run. */
    void printTotals() {
        double seconds = seconds();
        PoolStats pool = client.poolStats();
        Histogram latencies = load.latencies();
        LoadReport.row(
                out, "answered", "%,d in %.2f s, %,.0f a second", load.answered(), seconds, load.answered() / seconds);
        LoadReport.row(
                out, "connections", "%,d opened, %,d lost", client.stats().opened(), pool.lost());
        LoadReport.row(
                out, "made again", "%,d, by the client itself", client.stats().retries());
        LoadReport.row(out, "waited", "%,d at most for a connection", pool.peakWaiting());
        LoadReport.row(out, "latency p50", "%,10.3f ms", millis(latencies, 50));
        LoadReport.row(out, "        p99", "%,10.3f ms", millis(latencies, 99));
        LoadReport.row(out, "        max", "%,10.3f ms", millis(latencies, 100));
        LoadReport.row(out, "failed", "%,d", load.failed());
        load.printFailures(out);
    }

    private static double millis(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / (double) TimeUnit.MILLISECONDS.toNanos(1);
    }
}
