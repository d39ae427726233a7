package io.millrace.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.engine.Deadlines.Deadline;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlinesTest {
    private static final long TICK = Deadlines.TICK_NANOS;
    private static final long WHEEL_ROUND = 512 * TICK;

    private final ManualDeadlines timer = new ManualDeadlines(Long.MAX_VALUE - 3 * TICK);
    private final Deadlines deadlines = timer.deadlines();
    private final List<String> expired = new CopyOnWriteArrayList<>();

    private class Named extends Deadline {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void expired() {
            expired.add(name);
        }
    }

    /** Lets the timer thread take in the time that has passed: another deadline, due now, tells when it has. */
    private void settle() {
        CountDownLatch passed = new CountDownLatch(1);
        deadlines.arm(
                new Deadline() {
                    @Override
                    protected void expired() {
                        passed.countDown();
                    }
                },
                0);
        timer.advance(TICK);
        try {
            assertTrue(passed.await(10, TimeUnit.SECONDS), "the timer thread is gone");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        // it parks once everything that was due has expired
        while (deadlines.thread().getState() != Thread.State.WAITING
                && deadlines.thread().getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        timer.close();
        assertFalse(deadlines.thread().isAlive());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, TICK - 1, TICK, TICK + 1, WHEEL_ROUND - 1, WHEEL_ROUND, 3 * WHEEL_ROUND + 7, 1L << 45})
    void expiresNeverEarlyAndAtMostTwoTicksLate(long delay) {
        deadlines.arm(new Named("a"), delay);
        if (delay > TICK) {
            timer.advance(delay - TICK - 1);
            settle();
            assertEquals(List.of(), expired, "one nanosecond before");
        }
        timer.advance(2 * TICK);
        settle();
        assertEquals(List.of("a"), expired);
        assertEquals(0, deadlines.armed());
    }

    @Test
    void expiresOnceAndCanBeArmedAgain() {
        Named deadline = new Named("a");
        deadlines.arm(deadline, TICK);
        timer.advance(2 * TICK);
        settle();
        timer.advance(2 * WHEEL_ROUND);
        settle();
        assertEquals(List.of("a"), expired);
        deadlines.arm(deadline, TICK);
        timer.advance(2 * TICK);
        settle();
        assertEquals(List.of("a", "a"), expired);
    }

    @Test
    void cancelledDeadlineNeverExpires() {
        Named deadline = new Named("a");
        assertFalse(deadlines.cancel(deadline), "it was never armed");
        deadlines.arm(deadline, 5 * TICK);
        assertTrue(deadlines.cancel(deadline));
        assertFalse(deadlines.cancel(deadline));
        timer.advance(2 * WHEEL_ROUND);
        settle();
        assertEquals(List.of(), expired);
    }

    @Test
    void armingAnArmedDeadlineMovesIt() {
        Named later = new Named("later");
        Named sooner = new Named("sooner");
        deadlines.arm(later, 2 * TICK);
        deadlines.arm(later, 100 * TICK);
        deadlines.arm(sooner, 100 * TICK);
        deadlines.arm(sooner, 2 * TICK);
        assertEquals(2, deadlines.armed());
        timer.advance(4 * TICK);
        settle();
        assertEquals(List.of("sooner"), expired);
        timer.advance(100 * TICK);
        settle();
        assertEquals(List.of("sooner", "later"), expired);
    }

    @Test
    void deadlinesExpireInOrderOfTheirTicks() {
        deadlines.arm(new Named("far"), 2 * WHEEL_ROUND);
        for (int i = 9; i >= 0; i--) {
            deadlines.arm(new Named("t" + i), (10 + 3 * i) * TICK);
        }
        for (int i = 0; i < 50; i++) {
            timer.advance(TICK);
            settle();
        }
        assertEquals(List.of("t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"), expired);
    }

    @Test
    void negativeDelayIsAsSoonAsPossible() {
        deadlines.arm(new Named("a"), -5);
        timer.advance(TICK);
        settle();
        assertEquals(List.of("a"), expired);
    }

    @Test
    void allExpireWhenTheProcessWasStoppedForManyRounds() {
        for (int i = 0; i < 1_000; i++) {
            deadlines.arm(new Named("a"), i * TICK);
        }
        timer.advance(100 * WHEEL_ROUND);
        settle();
        assertEquals(1_000, expired.size());
        assertEquals(0, deadlines.armed());
    }

    @Test
    void deadlineThatIsDueCanStillBeCancelledByOneBeforeIt() {
        Named[] pair = new Named[2];
        for (int i = 0; i < 2; i++) {
            int other = 1 - i;
            pair[i] = new Named("one") {
                @Override
                protected void expired() {
                    super.expired();
                    assertTrue(deadlines.cancel(pair[other]));
                }
            };
        }
        deadlines.arm(pair[0], TICK);
        deadlines.arm(pair[1], TICK);
        timer.advance(3 * TICK);
        settle();
        assertEquals(List.of("one"), expired);
    }

    @Test
    void deadlineMayArmItselfAgainFromExpired() {
        AtomicInteger left = new AtomicInteger(3);
        deadlines.arm(
                new Deadline() {
                    @Override
                    protected void expired() {
                        expired.add("again");
                        if (left.decrementAndGet() > 0) {
                            deadlines.arm(this, 10 * TICK);
                        }
                    }
                },
                10 * TICK);
        for (int i = 0; i < 60; i++) {
            timer.advance(TICK);
            settle();
        }
        assertEquals(List.of("again", "again", "again"), expired);
    }

    @Test
    void randomSchedulesExpireExactlyWhatIsDue() {
        Random random = new Random(3);
        record Armed(Named deadline, long atNanos) {}
        List<Armed> armed = new ArrayList<>();
        long now = 0;
        int due = 0;
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 20; i++) {
                long delay = (long) (random.nextDouble() * random.nextInt(3) * WHEEL_ROUND);
                Armed next = new Armed(new Named("r"), now + delay);
                deadlines.arm(next.deadline, delay);
                armed.add(next);
            }
            Armed gone = armed.get(random.nextInt(armed.size()));
            if (deadlines.cancel(gone.deadline)) {
                armed.remove(gone);
            }
            long step = random.nextInt(100) * TICK;
            timer.advance(step);
            settle();
            now += step + TICK;
            long latest = now;
            int before = armed.size();
            armed.removeIf(one -> one.atNanos + TICK < latest);
            due += before - armed.size();
            int expiredNow = expired.size();
            assertTrue(expiredNow >= due, "late: " + expiredNow + " of " + due);
            long maybe = armed.stream().filter(one -> one.atNanos <= latest).count();
            assertTrue(expiredNow <= due + maybe, "early: " + expiredNow + " of " + due + " to " + (due + maybe));
        }
    }

    @Test
    void armingAndCancellingManyLeavesNothingArmed() {
        List<Named> many = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            Named one = new Named("m");
            deadlines.arm(one, (i % 2_000 + 10) * TICK);
            many.add(one);
        }
        assertEquals(100_000, deadlines.armed());
        many.forEach(deadlines::cancel);
        assertEquals(0, deadlines.armed());
    }

    @Test
    void fiftyThousandThatComeAndGoKeepTimeAndLeaveNothing() {
        manyComeAndGo(50_000);
    }

    @Test
    @Tag("heavy")
    void millionThatComeAndGoKeepTimeAndLeaveNothing() {
        manyComeAndGo(1_000_000);
    }

    /** A deadline that knows when it is due, in ticks since the clock's origin, and when it has expired. */
    private static final class Timed extends Deadline {
        private final AtomicLong now;
        private final long dueTick;
        private volatile long expiredTick = -1;

        Timed(AtomicLong now, long dueTick) {
            this.now = now;
            this.dueTick = dueTick;
        }

        @Override
        protected void expired() {
            expiredTick = now.get();
        }
    }

    private void manyComeAndGo(int count) {
        Random random = new Random(9);
        AtomicLong now = new AtomicLong();
        List<Timed> kept = new ArrayList<>();
        List<WeakReference<Timed>> cancelled = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Timed deadline = new Timed(now, 1 + random.nextInt(1_500));
            deadlines.arm(deadline, deadline.dueTick * TICK);
            if (i % 100 == 0) {
                kept.add(deadline);
            } else {
                assertTrue(deadlines.cancel(deadline));
                if (i % 100 == 1) {
                    cancelled.add(new WeakReference<>(deadline));
                }
            }
        }
        assertEquals(kept.size(), deadlines.armed());
        while (now.get() < 1_502) {
            now.incrementAndGet();
            timer.advance(TICK);
            while (!deadlines.isCaughtUp()) {
                Thread.onSpinWait();
            }
        }
        assertEquals(0, deadlines.armed());
        for (Timed deadline : kept) {
            assertTrue(deadline.expiredTick >= deadline.dueTick, "early");
            assertTrue(deadline.expiredTick <= deadline.dueTick + 1, "more than a tick late");
        }
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return cancelled.stream().allMatch(reference -> reference.get() == null);
        });
    }
}
