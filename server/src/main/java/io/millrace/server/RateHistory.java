package io.millrace.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** Makes rates out of counters, whoever asks and however often. */
final class RateHistory {
    /*
     * Each look at the counters is kept, if the one kept last is at least a second old, and a rate is the difference to
     * an older one: the oldest within ten seconds, or, if nobody has looked for longer, the last one there is. Whoever
     * else looks only adds readings to choose from, so nobody disturbs anybody, and nothing runs while nobody looks.
     *
     *      kept   now-25 s    now-9.1 s   now-6 s   now-2.2 s   now
     *                              +-------------------------------+
     *
     * One reading older than the window is enough, so at most a dozen are kept.
     */
    private static final long APART_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);

    // Guarded by this.
    private final Deque<Reading> kept = new ArrayDeque<>();

    /** The counters at a time. */
    private record Reading(long nanos, TcpServerStats stats) {}

    /** Begins at a time when nothing has been counted yet. */
    RateHistory(long startNanos, TcpServerStats zero) {
        kept.add(new Reading(startNanos, zero));
    }

    /** Returns the rates up to these counters, which were read at this time. */
    synchronized TcpServerRates rates(long nowNanos, TcpServerStats now) {
        Reading base = base(nowNanos);
        if (nowNanos - kept.getLast().nanos() >= APART_NANOS) {
            kept.addLast(new Reading(nowNanos, now));
        }
        return between(base.stats(), now, Math.max(0, nowNanos - base.nanos()));
    }

    private Reading base(long nowNanos) {
        // What is too old goes, if there is another that is old enough to measure from.
        while (kept.size() > 1
                && nowNanos - kept.getFirst().nanos() > WINDOW_NANOS
                && (kept.size() > 2 || nowNanos - kept.getLast().nanos() >= APART_NANOS)) {
            kept.removeFirst();
        }
        return kept.getFirst();
    }

    private static TcpServerRates between(TcpServerStats before, TcpServerStats now, long nanos) {
        return new TcpServerRates(
                Duration.ofNanos(nanos),
                perSecond(before.accepted(), now.accepted(), nanos),
                perSecond(before.refusedInAll(), now.refusedInAll(), nanos),
                perSecond(before.traffic().bytesReceived(), now.traffic().bytesReceived(), nanos),
                perSecond(before.traffic().bytesSent(), now.traffic().bytesSent(), nanos),
                perSecond(before.traffic().messagesReceived(), now.traffic().messagesReceived(), nanos),
                perSecond(before.traffic().messagesSent(), now.traffic().messagesSent(), nanos),
                perSecond(done(before), done(now), nanos));
    }

    private static long done(TcpServerStats stats) {
        return stats.requests().answered() + stats.requests().failed();
    }

    private static double perSecond(long before, long now, long nanos) {
        // Sums of many counters are not read in one instant: one may lag behind another look at it a moment ago.
        return nanos == 0 ? 0 : Math.max(0, now - before) * (double) TimeUnit.SECONDS.toNanos(1) / nanos;
    }
}
