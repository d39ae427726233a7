package io.millrace.core.internal.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.LatencyStats;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private final LatencyHistogram histogram = new LatencyHistogram();

    @Test
    void bucketsFollowEachOtherWithoutGapOrOverlap() {
        long from = 0;
        for (int bucket = 0; bucket < LatencyHistogram.BUCKETS - 1; bucket++) {
            long to = LatencyHistogram.highestNanos(bucket);
            assertTrue(to >= from, "bucket " + bucket + " from " + from + " to " + to);
            assertEquals(bucket, LatencyHistogram.bucketOf(from));
            assertEquals(bucket, LatencyHistogram.bucketOf(to));
            from = to + 1;
        }
        assertEquals(LatencyHistogram.BUCKETS - 1, LatencyHistogram.bucketOf(from));
        assertEquals(LatencyHistogram.BUCKETS - 1, LatencyHistogram.bucketOf(Long.MAX_VALUE));
        assertTrue(from > Duration.ofMinutes(60).toNanos(), "the last bucket begins at " + from);
    }

    @Test
    void bucketIsNoWiderThanAThirtySecondOfWhatIsInIt() {
        long from = 0;
        for (int bucket = 0; bucket < LatencyHistogram.BUCKETS - 1; bucket++) {
            long to = LatencyHistogram.highestNanos(bucket);
            assertTrue(to - from < Math.max(32, to / 32 + 1), "bucket from " + from + " to " + to);
            from = to + 1;
        }
    }

    @Test
    void nothingMeasuredIsAllZero() {
        Duration zero = Duration.ZERO;
        assertEquals(new LatencyStats(0, zero, zero, zero, zero, zero, zero, zero), histogram.stats());
    }

    @Test
    void oneTimeIsEveryPercentileExactly() {
        Duration one = Duration.ofNanos(123_456_789);
        histogram.record(one.toNanos());
        assertEquals(new LatencyStats(1, one, one, one, one, one, one, one), histogram.stats());
    }

    @Test
    void percentilesOfAnEvenDistributionAreWhereTheyBelong() {
        for (int micros = 1; micros <= 10_000; micros++) {
            histogram.record(micros * 1_000L);
        }
        LatencyStats stats = histogram.stats();
        assertEquals(10_000, stats.samples());
        assertEquals(Duration.ofNanos(50_005_000_000L), stats.sum());
        assertEquals(Duration.ofNanos(5_000_500), stats.mean());
        assertNear(5_000_000, stats.p50());
        assertNear(9_000_000, stats.p90());
        assertNear(9_900_000, stats.p99());
        assertNear(9_990_000, stats.p999());
        assertEquals(Duration.ofMillis(10), stats.max());
    }

    @Test
    void oneOutlierInTenThousandIsTheMaximumAndNoPercentile() {
        for (int i = 0; i < 9_999; i++) {
            histogram.record(2_000);
        }
        histogram.record(Duration.ofHours(5).toNanos());
        LatencyStats stats = histogram.stats();
        assertNear(2_000, stats.p999());
        assertEquals(Duration.ofHours(5), stats.max());
    }

    @Test
    void anythingAtAllIsWithinTheResolutionOfItsTruePercentile() {
        SplittableRandom random = new SplittableRandom(4);
        long[] times = new long[5_000];
        for (int i = 0; i < times.length; i++) {
            times[i] = random.nextLong(1L << (10 + random.nextInt(30)));
            histogram.record(times[i]);
        }
        Arrays.sort(times);
        LatencyStats stats = histogram.stats();
        assertNear(times[2_499], stats.p50());
        assertNear(times[4_499], stats.p90());
        assertNear(times[4_949], stats.p99());
        assertNear(times[4_994], stats.p999());
        assertEquals(times[4_999], stats.max().toNanos());
    }

    @Test
    void timeThatRanBackwardsIsNone() {
        histogram.record(-5);
        assertEquals(Duration.ZERO, histogram.stats().max());
        assertEquals(1, histogram.stats().samples());
    }

    /** Never below, and at most a bucket above. */
    private static void assertNear(long expectedNanos, Duration actual) {
        long nanos = actual.toNanos();
        assertTrue(
                nanos >= expectedNanos && nanos <= expectedNanos + Math.max(32, expectedNanos / 32),
                "expected " + expectedNanos + " ns, found " + nanos + " ns");
    }
}
