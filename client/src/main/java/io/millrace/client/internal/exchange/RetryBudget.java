package io.millrace.client.internal.exchange;

import io.millrace.client.request.RetryConfig;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** Bounds how many requests of a client are made again, all of them together. */
final class RetryBudget {
    /*
     * Two purses. The free one is filled by time and holds the retries of one second; the earned one is filled by
     * requests and holds `burst`. A retry costs 1 from the free purse, or else from the earned one.
     *
     * Requests are many and retries are few. So a request only counts itself, in an adder that threads do not contend
     * for, and what it has earned is reckoned when a retry asks. That gives the same balance as if it had been reckoned
     * at once: the purse is cut off at its limit in either case before anything is taken out.
     */
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    /** Sums of fractions may be a little short of a whole. */
    private static final double WHOLE = 1 - 1e-9;

    private final RetryConfig config;
    private final LongSupplier nanoClock;
    private final LongAdder requests = new LongAdder();

    // Guarded by this.
    private double free;
    private double earned;
    private long requestsReckoned;
    private long reckonedNanos;
    private long retries;
    private long refusals;

    RetryBudget(RetryConfig config, LongSupplier nanoClock) {
        this.config = config;
        this.nanoClock = nanoClock;
        this.free = config.minPerSecond();
        this.reckonedNanos = nanoClock.getAsLong();
    }

    /** Counts requests that are made for the first time. */
    void earn(int count) {
        requests.add(count);
    }

    /** Takes a retry out, and returns whether there was one. */
    synchronized boolean tryTake() {
        reckon();
        if (free >= WHOLE) {
            free--;
        } else if (earned >= WHOLE) {
            earned--;
        } else {
            refusals++;
            return false;
        }
        retries++;
        return true;
    }

    /** Guarded by this. */
    private void reckon() {
        long now = nanoClock.getAsLong();
        double seconds = (now - reckonedNanos) / NANOS_PER_SECOND;
        free = Math.min(config.minPerSecond(), free + seconds * config.minPerSecond());
        reckonedNanos = now;
        long made = requests.sum();
        earned = Math.min(config.burst(), earned + (made - requestsReckoned) * config.ratio());
        requestsReckoned = made;
    }

    /** Returns how often a request was made again. */
    synchronized long retries() {
        return retries;
    }

    /** Returns how often a request was not made again because nothing was left. */
    synchronized long refusals() {
        return refusals;
    }
}
