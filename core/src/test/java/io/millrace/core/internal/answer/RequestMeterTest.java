package io.millrace.core.internal.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.RequestStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestMeterTest {
    private final AtomicLong now = new AtomicLong();
    private final RequestMeter meter = new RequestMeter(now::get);

    @Test
    void requestIsInProgressUntilItEnds() {
        long reply = meter.begin(true);
        long error = meter.begin(false);
        meter.begin(false);
        meter.busy();
        assertEquals(3, meter.stats().inProgress());
        now.addAndGet(Duration.ofMillis(7).toNanos());
        meter.end(reply, false);
        meter.end(error, true);
        RequestStats stats = meter.stats();
        assertEquals(1, stats.inProgress());
        assertEquals(1, stats.answered());
        assertEquals(1, stats.failed());
        assertEquals(1, stats.busy());
        assertEquals(0, stats.dropped());
        meter.drop(1);
        assertEquals(0, meter.stats().inProgress());
        assertEquals(1, meter.stats().dropped());
    }

    @Test
    void onlySamplesAreMeasuredAlsoWhenTheClockStandsAtZero() {
        now.set(0);
        long sampled = meter.begin(true);
        long counted = meter.begin(false);
        assertNotEquals(0, sampled);
        assertEquals(0, counted);
        now.set(1_000_001);
        meter.end(sampled, false);
        meter.end(counted, false);
        assertEquals(1, meter.stats().latency().samples());
        assertEquals(Duration.ofMillis(1), meter.stats().latency().max());
    }

    @Test
    void manyThreadsLoseNothingAndReadersNeverSeeLessThanNothing() throws Exception {
        int threads = 4;
        int each = 50_000;
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Long> least = CompletableFuture.supplyAsync(() -> {
            long seen = Long.MAX_VALUE;
            while (!done.get()) {
                seen = Math.min(seen, meter.stats().inProgress());
            }
            return seen;
        });
        List<Thread> workers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            long tookNanos = 1_000L << t;
            Thread worker = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    long start = meter.begin(i % RequestMeter.SAMPLING == 0);
                    meter.end(start == 0 ? 0 : start - tookNanos, i % 10 == 0);
                }
            });
            worker.start();
            workers.add(worker);
        }
        for (Thread worker : workers) {
            worker.join(TimeUnit.SECONDS.toMillis(20));
        }
        done.set(true);
        assertTrue(least.get(20, TimeUnit.SECONDS) >= 0, "less than nothing in progress");
        RequestStats stats = meter.stats();
        assertEquals(0, stats.inProgress());
        assertEquals(threads * each / 10 * 9L, stats.answered());
        assertEquals(threads * each / 10L, stats.failed());
        assertEquals(threads * each / RequestMeter.SAMPLING, stats.latency().samples());
        assertEquals(Duration.ofNanos(7_999), stats.latency().max());
    }
}
