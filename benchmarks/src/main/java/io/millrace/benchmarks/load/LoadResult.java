package io.millrace.benchmarks.load;

import org.HdrHistogram.Histogram;

/**
 * What one run of the load saw.
 *
 * @param messages that came back in time
 * @param nanos how long that was
 * @param p50Nanos latency of half of them, and so on
 * @param drained messages that came back after the time was over
 * @param lagNanos how late the load sent 99 % of the messages at most, where it has a schedule
 */
public record LoadResult(
        long messages,
        long nanos,
        long p50Nanos,
        long p99Nanos,
        long p999Nanos,
        long maxNanos,
        long drained,
        long lagNanos) {
    /** Makes the result of a run without a schedule, after which nothing was in flight. */
    public static LoadResult of(long messages, long nanos, Histogram latencies) {
        return new LoadResult(
                messages,
                nanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                latencies.getValueAtPercentile(99.9),
                latencies.getMaxValue(),
                0,
                0);
    }

    /** Returns how many messages the server has handled, for what is counted per message. */
    public long handled() {
        return messages + drained;
    }

    /** Returns the rate at which messages came back. */
    public double perSecond() {
        return messages * 1e9 / nanos;
    }

    LoadResult withDrained(long count) {
        return new LoadResult(messages, nanos, p50Nanos, p99Nanos, p999Nanos, maxNanos, count, lagNanos);
    }

    LoadResult withLag(long lag) {
        return new LoadResult(messages, nanos, p50Nanos, p99Nanos, p999Nanos, maxNanos, drained, lag);
    }
}
