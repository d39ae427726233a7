package io.millrace.benchmarks.load;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Sends on a fixed schedule, whatever comes back: the connections in turn, evenly spaced over all. Latency counts from
 * when a message should have been sent, so that a server that halts pays for all that it held up, also for what could
 * not be sent meanwhile (no coordinated omission).
 */
final class FixedRate {
    /** Selecting longer than this could wake too late for the next message; the loop spins instead. */
    private static final long SPIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** A server with more than this unanswered does not keep up; it also bounds what the load must remember. */
    private static final long MOST_UNANSWERED = 1_000_000;

    /** A busy machine may halt the server for as long as a short run, which says nothing about the rate. */
    private static final long CATCH_UP_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final EchoConnections connections;
    private final EchoConnection[] turns;

    /** How late messages were sent: the load's own share in their latency. */
    private final Histogram lags = new Histogram(TimeUnit.MINUTES.toNanos(1), 2);

    // Confined to the thread that runs the loop.
    private long messages;
    private long due;
    private int turn;

    FixedRate(EchoConnections connections) {
        this.connections = connections;
        turns = connections.all().toArray(EchoConnection[]::new);
    }

    /**
     * Sends at a rate for so long, then waits until everything in flight has come back.
     *
     * @param perSecond messages, over all connections
     * @throws IOException if the server falls a million messages behind, or needs longer than a whole run and two seconds
     *     to catch up
     */
    LoadResult run(double perSecond, long nanos) throws IOException {
        messages = 0;
        due = 0;
        lags.reset();
        connections.begin((connection, frames, now) -> messages += frames);
        double spacing = TimeUnit.SECONDS.toNanos(1) / perSecond;
        long all = (long) (nanos / spacing);
        long began = System.nanoTime();
        while (due < all) {
            long now = System.nanoTime();
            long until = Math.min(all, 1 + (long) ((now - began) / spacing));
            if (until - messages > MOST_UNANSWERED) {
                throw tooSlow(perSecond, until);
            }
            send(began, spacing, until, now);
            if (began + (long) (due * spacing) - now < SPIN_NANOS) {
                connections.poll(now);
            } else {
                connections.await(now);
            }
        }
        long took = System.nanoTime() - began;
        if (!connections.drain(Math.max(took, CATCH_UP_NANOS))) {
            throw tooSlow(perSecond, all);
        }
        return LoadResult.of(messages, System.nanoTime() - began, connections.latencies())
                .withLag(lags.getValueAtPercentile(99));
    }

    /** Makes all messages due whose time has come, then writes each connection once. */
    private void send(long began, double spacing, long until, long now) throws IOException {
        int first = turn;
        long count = until - due;
        for (; due < until; due++) {
            long intended = began + (long) (due * spacing);
            lags.recordValue(now - intended);
            turns[turn].owe(1, intended);
            turn = turn + 1 == turns.length ? 0 : turn + 1;
        }
        for (long i = Math.min(count, turns.length); i > 0; i--) {
            turns[first].write();
            first = first + 1 == turns.length ? 0 : first + 1;
        }
    }

    private IOException tooSlow(double perSecond, long all) {
        return new IOException(String.format(
                "the server cannot keep a rate of %.0f messages per second: of %d it has answered %d",
                perSecond, all, messages));
    }
}
