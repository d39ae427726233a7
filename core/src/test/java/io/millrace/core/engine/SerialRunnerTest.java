package io.millrace.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.Oracle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class SerialRunnerTest {
    private IoGroup group;
    private IoRuntime runtime;

    @BeforeEach
    void start() throws Exception {
        group = IoGroup.builder().name("runner-test").threads(3).start();
        runtime = GroupAccess.runtimeOf(group);
    }

    @AfterEach
    void stop() throws Exception {
        group.close();
        Oracle.awaitNoThreads("runner-test", Duration.ofSeconds(10));
    }

    private abstract static class Runner extends SerialRunner {
        private final AtomicReference<Throwable> failed = new AtomicReference<>();

        Runner(IoRuntime runtime) {
            super(runtime);
        }

        void tell(int bits) {
            signal(bits);
        }

        @Override
        protected void stepFailed(Throwable failure) {
            failed.set(failure);
        }
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(20, TimeUnit.SECONDS), "waited in vain");
    }

    @Test
    void everySignalIsSeenAndStepsNeverOverlap() throws Exception {
        int threads = 8;
        int rounds = 5_000;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicLong[] posted = new AtomicLong[threads];
        long[] seen = new long[threads];
        CountDownLatch allSeen = new CountDownLatch(threads);
        Runner runner = new Runner(runtime) {
            private int steps;

            @Override
            protected void step(int bits) {
                if (inside.getAndIncrement() != 0) {
                    overlaps.incrementAndGet();
                }
                steps++;
                for (int t = 0; t < threads; t++) {
                    if ((bits & 1 << t) != 0) {
                        long now = posted[t].get();
                        if (seen[t] < rounds && now == rounds) {
                            allSeen.countDown();
                        }
                        seen[t] = now;
                    }
                }
                inside.decrementAndGet();
            }
        };
        for (int t = 0; t < threads; t++) {
            posted[t] = new AtomicLong();
        }
        List<Thread> senders = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int bit = t;
            Thread sender = new Thread(() -> {
                for (int i = 0; i < rounds; i++) {
                    posted[bit].incrementAndGet();
                    runner.tell(1 << bit);
                }
            });
            senders.add(sender);
            sender.start();
        }
        for (Thread sender : senders) {
            sender.join();
        }
        await(allSeen);
        assertEquals(0, overlaps.get());
    }

    @Test
    void signalFromInsideAStepRunsAfterItWithoutGrowingTheStack() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        AtomicInteger deepest = new AtomicInteger();
        Runner runner = new Runner(runtime) {
            private int steps;
            private boolean inside;

            @Override
            protected void step(int bits) {
                if (inside) {
                    throw new IllegalStateException("recursion");
                }
                inside = true;
                if (steps % 1_000 == 0) {
                    deepest.accumulateAndGet(new Throwable().getStackTrace().length, Math::max);
                }
                if (++steps < 100_000) {
                    tell(1);
                } else {
                    done.countDown();
                }
                inside = false;
            }
        };
        runner.tell(1);
        await(done);
        assertEquals(null, runner.failed.get());
        assertTrue(deepest.get() < 60, "stack depth " + deepest);
    }

    @Test
    void runnersThatSignalEachOtherDoNotGrowTheStack() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        AtomicInteger deepest = new AtomicInteger();
        Runner[] pair = new Runner[2];
        for (int i = 0; i < 2; i++) {
            int other = 1 - i;
            pair[i] = new Runner(runtime) {
                private int steps;

                @Override
                protected void step(int bits) {
                    if (steps % 1_000 == 0) {
                        deepest.accumulateAndGet(new Throwable().getStackTrace().length, Math::max);
                    }
                    if (++steps < 50_000) {
                        pair[other].tell(1);
                    } else {
                        done.countDown();
                    }
                }
            };
        }
        pair[0].tell(1);
        await(done);
        assertTrue(deepest.get() < 60, "stack depth " + deepest);
    }

    @Test
    void bitsSetBeforeTheStepAreTakenTogether() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        List<Integer> seen = new ArrayList<>();
        Runner runner = new Runner(runtime) {
            @Override
            protected void step(int bits) {
                seen.add(bits);
                if (seen.size() == 1) {
                    blocked.countDown();
                    awaitQuietly(go);
                } else {
                    done.countDown();
                }
            }
        };
        runner.tell(1);
        await(blocked);
        runner.tell(2);
        runner.tell(8);
        runner.tell(2);
        go.countDown();
        await(done);
        assertEquals(List.of(1, 10), seen);
    }

    @Test
    void throwingStepIsReportedAndTheNextOneStillRuns() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        Runner runner = new Runner(runtime) {
            @Override
            protected void step(int bits) {
                if (bits == 1) {
                    tell(2);
                    throw new AssertionError("on purpose");
                }
                done.countDown();
            }
        };
        runner.tell(1);
        await(done);
        assertEquals("on purpose", String.valueOf(runner.failed.get().getMessage()));
    }

    @Test
    void stepsRunOnTheThreadsOfTheGroupWhereBlockingIsForbidden() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        AtomicReference<Thread> where = new AtomicReference<>();
        AtomicInteger facts = new AtomicInteger();
        runtime.execute(() -> {
            where.set(Thread.currentThread());
            facts.set((runtime.isIoThread() ? 1 : 0) + (IoRuntime.mustNotBlock() ? 2 : 0));
            done.countDown();
        });
        await(done);
        assertTrue(
                where.get().getName().startsWith("runner-test-io-"), where.get().getName());
        assertEquals(3, facts.get());
        assertEquals(false, runtime.isIoThread());
        assertEquals(false, IoRuntime.mustNotBlock());
    }

    @Test
    void throwingTaskIsLoggedAndTheThreadLives() throws Exception {
        try (CapturedLog log = new CapturedLog()) {
            CountDownLatch done = new CountDownLatch(1);
            runtime.execute(() -> {
                throw new AssertionError("on purpose");
            });
            for (int i = 0; i < 3; i++) {
                runtime.execute(() -> {});
            }
            runtime.execute(done::countDown);
            await(done);
            org.awaitility.Awaitility.await().until(() -> !log.lines().isEmpty());
            assertEquals(List.of("ERROR task failed"), log.lines());
            assertEquals(3, Oracle.liveThreads("runner-test-io-").size());
        }
    }

    @Test
    void turnFlushesWhatAStepHasTouchedOnceItEnds() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        List<String> order = new ArrayList<>();
        Turn.Flushable second = () -> order.add("flush 2");
        runtime.execute(() -> {
            Turn turn = Turn.current();
            turn.touch(() -> {
                order.add("flush 1");
                turn.touch(second);
            });
            runtime.execute(() -> {
                order.add("next runner");
                done.countDown();
            });
            order.add("step ends");
        });
        await(done);
        assertEquals(List.of("step ends", "flush 1", "flush 2", "next runner"), order);
        assertEquals(null, Turn.current());
    }

    @Test
    void runnerScheduledInsideAStepWaitsForItsEnd() throws Exception {
        CountDownLatch done = new CountDownLatch(2);
        List<String> order = new ArrayList<>();
        runtime.execute(() -> {
            runtime.execute(() -> {
                order.add("second");
                done.countDown();
            });
            order.add("first");
            done.countDown();
        });
        await(done);
        assertEquals(List.of("first", "second"), order);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            await(latch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
