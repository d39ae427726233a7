package io.millrace.benchmarks.load;

import org.HdrHistogram.Histogram;

/**
 * What one run of the load saw.
 *
 * @param messages that came back
 * @param nanos how long it took
 * @param p50Nanos latency of half of them, and so on
 */
public record LoadResult(long messages, long nanos, long p50Nanos, long p99Nanos, long p999Nanos, long maxNanos) {
    static LoadResult of(long messages, long nanos, Histogram latencies) {
        return new LoadResult(
                messages,
                nanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                latencies.getValueAtPercentile(99.9),
                latencies.getMaxValue());
    }
}
