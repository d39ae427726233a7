package io.millrace.server.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    // overflows in the middle of each test: only differences count
    private long now = Long.MAX_VALUE - SECOND / 2;

    @Test
    void burstIsThereAtOnceAndThenTheRate() {
        TokenBucket bucket = new TokenBucket(10, 3, now);

        assertEquals(3, takeAll(bucket));
        assertEquals(SECOND / 10, bucket.nanosToNext(now));
        now += SECOND / 10 - 1;
        assertFalse(bucket.tryTake(now));
        now++;
        assertTrue(bucket.tryTake(now));
        assertFalse(bucket.tryTake(now));
    }

    @Test
    void bucketHoldsNoMoreThanItsBurstHoweverLongNobodyComes() {
        TokenBucket bucket = new TokenBucket(1000, 5, now);
        takeAll(bucket);

        now += 400 * 86_400 * SECOND;

        assertEquals(5, takeAll(bucket));
    }

    @Test
    void burstIsThatOfASecondUnlessSet() {
        assertEquals(7, takeAll(new TokenBucket(7, 0, now)));
    }

    @Test
    void rateIsKeptHoweverOftenItIsAsked() {
        TokenBucket bucket = new TokenBucket(3, 1, now);
        takeAll(bucket);
        int taken = 0;
        for (int i = 0; i < 100_000; i++) {
            now += SECOND / 1000;
            taken += bucket.tryTake(now) ? 1 : 0;
        }

        assertEquals(300, taken, 1);
    }

    @Test
    void withoutARateThereIsAlwaysOne() {
        TokenBucket bucket = new TokenBucket(0, 0, now);
        for (int i = 0; i < 1000; i++) {
            assertTrue(bucket.tryTake(now));
        }
    }

    @Test
    void clockThatStandsStillOrIsReadOutOfOrderGivesNothing() {
        TokenBucket bucket = new TokenBucket(10, 1, now);
        assertTrue(bucket.tryTake(now));

        assertFalse(bucket.tryTake(now - SECOND));
        assertEquals(SECOND / 10, bucket.nanosToNext(now));
    }

    private int takeAll(TokenBucket bucket) {
        int taken = 0;
        while (bucket.tryTake(now)) {
            taken++;
        }
        return taken;
    }
}
