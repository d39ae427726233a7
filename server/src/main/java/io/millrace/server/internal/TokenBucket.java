package io.millrace.server.internal;

import java.util.concurrent.TimeUnit;

/** A rate with a burst: starts full, and fills at the rate. Not thread-safe. */
final class TokenBucket {
    /*
     * What is in the bucket is counted in nanoseconds: a token costs as many as pass until the next one, and no more
     * are kept than the burst costs. So nothing is rounded away however often it is asked, and nothing overflows: the
     * largest bucket is 10^7 tokens of 10^9 ns.
     */
    private final long tokenNanos;
    private final long fullNanos;
    private long savedNanos;
    private long lastNanos;

    /**
     * Makes a full bucket.
     *
     * @param perSecond tokens a second; 0 for as many as are asked for
     * @param burst the most tokens at once; 0 for those of a second
     * @param nowNanos the time
     */
    TokenBucket(int perSecond, int burst, long nowNanos) {
        this.tokenNanos = perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.fullNanos = tokenNanos * (burst == 0 ? perSecond : burst);
        this.savedNanos = fullNanos;
        this.lastNanos = nowNanos;
    }

    /** Returns how long it is until there is a token, in nanoseconds; 0 if there is one. */
    long nanosToNext(long nowNanos) {
        fill(nowNanos);
        return Math.max(0, tokenNanos - savedNanos);
    }

    /** Takes a token if there is one. */
    boolean tryTake(long nowNanos) {
        if (nanosToNext(nowNanos) > 0) {
            return false;
        }
        savedNanos -= tokenNanos;
        return true;
    }

    private void fill(long nowNanos) {
        long passed = Math.max(0, nowNanos - lastNanos);
        savedNanos += Math.min(passed, fullNanos - savedNanos);
        lastNanos += passed;
    }
}
