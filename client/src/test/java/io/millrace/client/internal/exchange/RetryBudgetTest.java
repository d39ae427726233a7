package io.millrace.client.internal.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.request.RetryConfig;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private static final RetryConfig EARNED_ONLY = RetryConfig.defaults().minPerSecond(0);

    // overflows soon, as any origin is allowed
    private long nowNanos = Long.MAX_VALUE - 1_000;

    private RetryBudget budget(RetryConfig config) {
        return new RetryBudget(config, () -> nowNanos);
    }

    private static int takeAll(RetryBudget budget) {
        int taken = 0;
        while (taken < 10_000 && budget.tryTake()) {
            taken++;
        }
        return taken;
    }

    private void pass(Duration time) {
        nowNanos += time.toNanos();
    }

    @Test
    void fiveRequestsEarnOneRetry() {
        RetryBudget budget = budget(EARNED_ONLY);

        budget.earn(4);
        assertFalse(budget.tryTake());
        budget.earn(1);

        assertEquals(1, takeAll(budget));
    }

    @Test
    void earnedRetriesAddUpToTheBurst() {
        RetryBudget budget = budget(EARNED_ONLY.burst(50));

        budget.earn(1_000_000);

        assertEquals(50, takeAll(budget));
    }

    @Test
    void fractionsAddUpExactlyHoweverOftenTheyAreReckoned() {
        RetryBudget budget = budget(EARNED_ONLY);
        int taken = 0;

        for (int i = 0; i < 10_000; i++) {
            budget.earn(1);
            taken += budget.tryTake() ? 1 : 0;
        }

        assertEquals(2_000, taken);
    }

    @Test
    void someRetriesASecondAreFree() {
        RetryBudget budget = budget(RetryConfig.defaults().minPerSecond(10));

        assertEquals(10, takeAll(budget));
        pass(Duration.ofMillis(300));
        assertEquals(3, takeAll(budget));
        pass(Duration.ofMinutes(1));
        assertEquals(10, takeAll(budget), "what was free in the last second, and no more");
    }

    @Test
    void freeRetriesAreTakenFirst() {
        RetryBudget budget = budget(RetryConfig.defaults().minPerSecond(10));
        budget.earn(25);

        assertEquals(15, takeAll(budget));
        pass(Duration.ofSeconds(1));
        assertEquals(10, takeAll(budget));
    }

    @Test
    void noneIsNone() {
        RetryBudget budget = budget(RetryConfig.none());
        budget.earn(1_000);
        pass(Duration.ofDays(1));

        assertFalse(budget.tryTake());
    }

    @Test
    void retriesAndRefusalsAreCounted() {
        RetryBudget budget = budget(EARNED_ONLY);
        budget.earn(10);

        takeAll(budget);
        budget.tryTake();

        assertEquals(2, budget.retries());
        assertEquals(2, budget.refusals());
    }

    @Test
    void manyThreadsTakeNoMoreThanThereIs() throws Exception {
        RetryBudget budget = budget(EARNED_ONLY);
        AtomicInteger taken = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        for (int i = 0; i < 4; i++) {
            threads.execute(() -> {
                for (int n = 0; n < 1_000; n++) {
                    budget.earn(1);
                    if (budget.tryTake()) {
                        taken.incrementAndGet();
                    }
                }
            });
        }
        threads.shutdown();
        assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));

        taken.addAndGet(takeAll(budget));

        assertEquals(800, taken.get());
    }
}
