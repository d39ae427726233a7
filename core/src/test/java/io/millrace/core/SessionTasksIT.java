package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Permutation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tasks between the callbacks of a session. */
@Tag("engine")
class SessionTasksIT {
    private static final int LIMIT = 65_536;
    private static final int THREADS = 8;

    private final CountDownLatch gate = new CountDownLatch(1);

    private void standAtTheGate() throws InterruptedException {
        assertTrue(gate.await(20, TimeUnit.SECONDS));
    }

    /** What only one callback may touch at a time; without any lock of its own. */
    private static final class Confined {
        private final AtomicReference<Thread> inside = new AtomicReference<>();
        private final AtomicInteger overlaps = new AtomicInteger();
        private final int[] lastOfThread = new int[THREADS];
        private final AtomicInteger disorders = new AtomicInteger();
        private int visits;

        void visit() {
            if (!inside.compareAndSet(null, Thread.currentThread())) {
                overlaps.incrementAndGet();
            }
            visits++;
            inside.set(null);
        }

        void task(int thread, int number) {
            visit();
            if (lastOfThread[thread] != number - 1) {
                disorders.incrementAndGet();
            }
            lastOfThread[thread] = number;
        }
    }

    @Permutation.Each
    void tasksOfManyThreadsKeepTheirOrderAndOverlapNothing(Permutation how) throws Exception {
        int tasks = 2_000;
        int messages = 500;
        Confined confined = new Confined();
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    confined.visit();
                    session.send(message);
                })
                .start()) {
            Link link = loopback.open();
            CompletableFuture<?>[] threads = new CompletableFuture<?>[THREADS];
            for (int t = 0; t < THREADS; t++) {
                int thread = t;
                threads[t] = CompletableFuture.runAsync(
                        () -> {
                            for (int n = 1; n <= tasks; n++) {
                                int number = n;
                                link.session().execute(() -> confined.task(thread, number));
                            }
                        },
                        task -> new Thread(task).start());
            }
            for (int i = 0; i < messages; i++) {
                link.peer().sendFrame((byte) i);
                assertEquals((byte) i, link.peer().readFrame()[0]);
            }
            CompletableFuture.allOf(threads).get(20, TimeUnit.SECONDS);
            CompletableFuture<Integer> visits = new CompletableFuture<>();
            link.session().execute(() -> visits.complete(confined.visits));
            assertEquals(THREADS * tasks + messages, visits.get(20, TimeUnit.SECONDS));
            assertEquals(0, confined.overlaps.get());
            assertEquals(0, confined.disorders.get());
        }
    }

    @Permutation.Each
    void taskOfACallbackRunsAfterIt(Permutation how) throws Exception {
        List<String> order = new ArrayList<>();
        CompletableFuture<List<String>> seen = new CompletableFuture<>();
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    session.execute(() -> {
                        order.add("task");
                        session.execute(() -> {
                            order.add("task of the task");
                            seen.complete(List.copyOf(order));
                        });
                        order.add("end of task");
                    });
                    order.add("message");
                })
                .start()) {
            loopback.open().peer().sendFrame((byte) 1);
            assertEquals(List.of("message", "task", "end of task", "task of the task"), seen.get(20, TimeUnit.SECONDS));
        }
    }

    @Permutation.Each
    void everyTaskThatIsTakenRunsBeforeOnCloseAndNoneIsTakenAfter(Permutation how) throws Exception {
        for (int round = 0; round < 30; round++) {
            AtomicInteger run = new AtomicInteger();
            AtomicInteger runAtClose = new AtomicInteger(-1);
            MessageHandler handler = new MessageHandler() {
                @Override
                public void onMessage(Session session, java.nio.ByteBuffer message) {}

                @Override
                public void onClose(Session session, CloseReason reason) {
                    runAtClose.set(run.get());
                    assertThrows(RejectedExecutionException.class, () -> session.execute(run::incrementAndGet));
                }
            };
            try (Loopback loopback = how.loopback().handler(handler).start()) {
                Link link = loopback.open();
                int taken = 0;
                String refusal = "";
                try {
                    while (true) {
                        link.session().execute(run::incrementAndGet);
                        taken++;
                        if (taken == 50) {
                            link.session().abort();
                        }
                    }
                } catch (RejectedExecutionException ended) {
                    refusal = String.valueOf(ended.getMessage());
                }
                loopback.awaitEnded();
                assertTrue(refusal.contains("has ended") || refusal.contains("wait for this session"), refusal);
                assertEquals(taken, run.get());
                assertEquals(taken, runAtClose.get());
            }
        }
    }

    @Permutation.Each
    void tasksThatWaitAreLimited(Permutation how) throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        AtomicInteger run = new AtomicInteger();
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    entered.countDown();
                    standAtTheGate();
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            for (int i = 0; i < LIMIT; i++) {
                link.session().execute(run::incrementAndGet);
            }
            // more than the I/O thread could have taken out of any queue meanwhile
            for (int i = 0; i < 3; i++) {
                CountDownLatch passed = new CountDownLatch(how.threads() == 1 ? 0 : 1);
                loopback.runtime().execute(passed::countDown);
                assertTrue(how.handlers() == Permutation.Handlers.INLINE || passed.await(10, TimeUnit.SECONDS));
                RejectedExecutionException refusal = assertThrows(
                        RejectedExecutionException.class, () -> link.session().execute(run::incrementAndGet));
                assertTrue(String.valueOf(refusal.getMessage()).contains(LIMIT + " tasks wait"), refusal::getMessage);
            }
            gate.countDown();
            LeakCheck.awaitSoon("all run", () -> run.get() == LIMIT);
            link.session().execute(run::incrementAndGet);
            LeakCheck.awaitSoon("another one", () -> run.get() == LIMIT + 1);
        }
    }

    @Permutation.Each
    void taskThatThrowsClosesItsSession(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback().start()) {
            Link link = loopback.open();
            link.session().execute(() -> {
                throw new IllegalStateException("on purpose");
            });
            link.peer().expectEndOfStream();
            link.peer().close();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.HANDLER, reason.kind());
            loopback.awaitEnded();
            assertEquals(1, loopback.log().lines().size());
            loopback.log().clear();
        }
    }

    @Permutation.Each
    void taskRunsWhileFramesAreHeldBackAndMayLetThemGo(Permutation how) throws Exception {
        CountDownLatch paused = new CountDownLatch(1);
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    if (message.get() == 1) {
                        session.pauseReading();
                        paused.countDown();
                    }
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send(threeFrames());
            assertTrue(paused.await(10, TimeUnit.SECONDS));
            link.session().execute(link.session()::resumeReading);
            link.recording().awaitMessages(3);
        }
    }

    private static byte[] threeFrames() {
        return new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0, 1, 3};
    }

    @Permutation.Each
    void completionOfASendMayLetHeldFramesGo(Permutation how) throws Exception {
        AtomicReference<Throwable> failed = new AtomicReference<>();
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    // a message is answered before the next one is taken
                    session.pauseReading();
                    session.send(message, failure -> {
                        failed.set(failure);
                        session.resumeReading();
                    });
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send(threeFrames());
            for (int i = 1; i <= 3; i++) {
                assertEquals(i, link.peer().readFrame()[0]);
            }
            assertNull(failed.get());
        }
    }

    @Test
    void manyTasksNeedLittleStackWhereverTheExecutorRunsThem() throws Exception {
        ThreadPoolExecutor callerRuns = new ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>(), new ThreadPoolExecutor.CallerRunsPolicy());
        AtomicInteger run = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        try (Loopback loopback = Loopback.builder().executor(callerRuns).start()) {
            Link link = loopback.open();
            CountDownLatch entered = new CountDownLatch(1);
            link.session().execute(() -> {
                entered.countDown();
                try {
                    standAtTheGate();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            for (int i = 0; i < 20_000; i++) {
                int number = i;
                link.session().execute(() -> {
                    run.incrementAndGet();
                    if (number % 1_000 == 0) {
                        deepest.accumulateAndGet(new Throwable().getStackTrace().length, Math::max);
                    }
                });
            }
            gate.countDown();
            LeakCheck.awaitSoon("all run", () -> run.get() == 20_000);
            assertTrue(deepest.get() < 100, "frames on the stack: " + deepest);
        } finally {
            callerRuns.shutdown();
        }
    }
}
