package io.millrace.core.internal.answer;

import io.millrace.core.LatencyStats;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Counts how often something took how long, for percentiles. */
final class LatencyHistogram {
    /*
     * Log-linear buckets: times are taken in units of 32 ns. Up to 64 units each has a bucket of its own; above that
     * each doubling is divided into 32 buckets of the same width, so a bucket is never wider than 1/32 of what is in it.
     *
     *     units   0 1 2 ... 63 | 64 66 68 ... 126 | 128 132 ... 252 | ...
     *     bucket  0 1 2 ... 63 | 64 65 66 ...  95 |  96  97 ... 127 | ...
     *
     * The last bucket begins at more than an hour, and takes whatever is longer.
     *
     * Recording allocates nothing and takes no lock. Recorders of like times meet in one counter, which is why they
     * record samples only. A reader may see some of several counts that are made while it reads, and not the others.
     */
    private static final int UNIT_BITS = 5;
    private static final int HALF_BITS = 5;
    private static final int HALF = 1 << HALF_BITS;

    /** How often the range doubles beyond the linear part: to 2^42 ns, 73 minutes. */
    private static final int DOUBLINGS = 31;

    static final int BUCKETS = 2 * HALF + DOUBLINGS * HALF;

    // Atomic.
    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final LongAdder totalNanos = new LongAdder();
    private final LongAccumulator maxNanos = new LongAccumulator(Math::max, 0);

    /** Counts one time; a negative one counts as none at all. */
    void record(long nanos) {
        long taken = Math.max(0, nanos);
        counts.getAndIncrement(bucketOf(taken));
        totalNanos.add(taken);
        maxNanos.accumulate(taken);
    }

    /** Returns the bucket that counts a time. */
    static int bucketOf(long nanos) {
        long units = nanos >>> UNIT_BITS;
        if (units < 2 * HALF) {
            return (int) units;
        }
        int doublings = Long.SIZE - 1 - Long.numberOfLeadingZeros(units) - HALF_BITS;
        long bucket = (long) doublings * HALF + (units >>> doublings);
        return (int) Math.min(bucket, BUCKETS - 1);
    }

    /** Returns the longest time that a bucket counts, in nanoseconds. */
    static long highestNanos(int bucket) {
        if (bucket == BUCKETS - 1) {
            return Long.MAX_VALUE;
        }
        int following = bucket + 1;
        if (following < 2 * HALF) {
            return ((long) following << UNIT_BITS) - 1;
        }
        int doublings = following / HALF - 1;
        long units = (long) (following - doublings * HALF) << doublings;
        return (units << UNIT_BITS) - 1;
    }

    LatencyStats stats() {
        long[] seen = new long[BUCKETS];
        long samples = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            seen[bucket] = counts.get(bucket);
            samples += seen[bucket];
        }
        long max = maxNanos.get();
        long total = totalNanos.sum();
        return new LatencyStats(
                samples,
                Duration.ofNanos(total),
                Duration.ofNanos(samples == 0 ? 0 : total / samples),
                percentile(seen, samples, max, 0.5),
                percentile(seen, samples, max, 0.9),
                percentile(seen, samples, max, 0.99),
                percentile(seen, samples, max, 0.999),
                Duration.ofNanos(max));
    }

    private static Duration percentile(long[] seen, long samples, long maxNanos, double share) {
        long rank = (long) Math.ceil(share * samples);
        long counted = 0;
        for (int bucket = 0; bucket < BUCKETS && samples > 0; bucket++) {
            counted += seen[bucket];
            if (counted >= rank) {
                return Duration.ofNanos(Math.min(highestNanos(bucket), maxNanos));
            }
        }
        return Duration.ZERO;
    }
}
