package io.millrace.benchmarks.load;

import org.HdrHistogram.Histogram;

/**
 * What one run of the load saw.
 *
 * @param messages that were sent, and came back
 * @param nanos from the first that was sent to the last that came back
 * @param p50Nanos latency of half of them, and so on
 * @param lagNanos how late the load sent 99 % of the messages at most, where it has a schedule
 */
public record LoadResult(
        long messages, long nanos, long p50Nanos, long p99Nanos, long p999Nanos, long maxNanos, long lagNanos) {
    /** Makes the result of a run without a schedule. */
    public static LoadResult of(long messages, long nanos, Histogram latencies) {
        return new LoadResult(
                messages,
                nanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                latencies.getValueAtPercentile(99.9),
                latencies.getMaxValue(),
                0);
    }

    /** Returns the rate at which messages came back. */
    public double perSecond() {
        return messages * 1e9 / nanos;
    }

    LoadResult withLag(long lag) {
        return new LoadResult(messages, nanos, p50Nanos, p99Nanos, p999Nanos, maxNanos, lag);
    }
}
