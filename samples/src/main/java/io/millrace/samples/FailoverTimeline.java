package io.millrace.samples;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointState;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.request.Outcome;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Which server answered when, and what happened meanwhile.
 *
 * <p>Threading: replies are counted, and notes printed, by any thread; the rest is for one.
 */
final class FailoverTimeline {
    private static final List<String> PHASES = List.of("before", "killed", "started");

    private final PrintWriter out;
    private final List<EndpointTimeline> servers;
    private final StringBuilder axis = new StringBuilder();
    private final long startNanos = System.nanoTime();
    private long markNanos;
    private long usedAgainNanos;

    FailoverTimeline(PrintWriter out, Endpoint... endpoints) {
        this.out = out;
        this.servers = Stream.of(endpoints).map(EndpointTimeline::new).toList();
    }

    /** Counts a reply for the server that gave it. */
    void count(Outcome<?> outcome) {
        for (EndpointTimeline server : servers) {
            if (outcome.isReply() && server.endpoint.equals(outcome.endpoint())) {
                server.replies.increment();
            }
        }
    }

    /** Prints what happened, with its time. */
    void note(String event) {
        double seconds = (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
        out.printf(Locale.ROOT, "%8.3f s  %s%n", seconds, event);
        out.flush();
    }

    /** Begins another phase with an event of its own. */
    void mark(char sign, String event) {
        note(event);
        servers.forEach(EndpointTimeline::mark);
        axis.append(" ".repeat(columns() - axis.length())).append(sign);
        markNanos = System.nanoTime();
    }

    /** Adds a column to the chart, and tells which endpoints have changed their state. */
    void column(List<EndpointStats> endpoints) {
        servers.forEach(EndpointTimeline::column);
        for (EndpointStats stats : endpoints) {
            for (EndpointTimeline server : servers) {
                if (server.endpoint.equals(stats.endpoint()) && server.state != stats.state()) {
                    server.state = stats.state();
                    note(describe(stats));
                }
            }
        }
    }

    private static String describe(EndpointStats stats) {
        if (stats.state() == EndpointState.BACKING_OFF) {
            return String.format(
                    Locale.ROOT,
                    "%s is BACKING_OFF after %d failures, tried again in %d ms: %s",
                    stats.endpoint(),
                    stats.failuresInARow(),
                    stats.retryIn().toMillis(),
                    stats.lastFailure());
        }
        return stats.endpoint() + (stats.connections() == 0 ? " is tried again" : " is AVAILABLE");
    }

    int columns() {
        return servers.get(0).columns.size();
    }

    String name(int server) {
        return servers.get(server).endpoint.toString();
    }

    /** Returns whether a server has answered since it was started again. */
    boolean isUsedAgain(int index) {
        boolean used = servers.get(index).atMarks.size() == PHASES.size()
                && servers.get(index).repliesIn(PHASES.size() - 1) > 0;
        if (used && usedAgainNanos == 0) {
            usedAgainNanos = System.nanoTime();
        }
        return used;
    }

    /** Returns how long after its start a server answered first, as exactly as columns are wide. */
    long usedAgainMillis(int index) {
        return isUsedAgain(index) ? TimeUnit.NANOSECONDS.toMillis(usedAgainNanos - markNanos) : 0;
    }

    void printChart() {
        out.println();
        out.println("  replies per column; K: killed, S: started again");
        LineChart chart = new LineChart(
                out, servers.stream().map(server -> server.columns).toList());
        for (EndpointTimeline server : servers) {
            chart.line(server.endpoint.toString(), server.columns);
        }
        chart.axis("", axis);
        out.println();
    }

    /** Prints which share of the replies each server gave in each phase. */
    void printShares() {
        out.printf("  %-24s %9s %9s %9s%n", "share of the replies", PHASES.get(0), PHASES.get(1), PHASES.get(2));
        for (EndpointTimeline server : servers) {
            out.printf("  %-24s", server.endpoint);
            for (int phase = 0; phase < PHASES.size(); phase++) {
                out.printf(Locale.ROOT, " %7.1f %%", share(server, phase));
            }
            out.println();
        }
    }

    private double share(EndpointTimeline server, int phase) {
        if (server.atMarks.size() <= phase) {
            return 0;
        }
        long all = servers.stream().mapToLong(each -> each.repliesIn(phase)).sum();
        return 100.0 * server.repliesIn(phase) / Math.max(1, all);
    }
}
