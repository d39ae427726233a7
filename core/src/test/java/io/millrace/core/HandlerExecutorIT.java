package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Callbacks on an executor of the application's: their order, their bounds, and executors that fail. */
@Tag("engine")
class HandlerExecutorIT {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final int SESSIONS = 8;

    /** Executors that applications may come with. */
    enum Kept {
        ONE_THREAD,
        FOUR_THREADS,
        CACHED,
        CALLER_RUNS,
        CALLER_RUNS_WHEN_FULL,
        REJECTS_WHEN_FULL,
        FORK_JOIN,
        VIRTUAL;

        Executor make() throws Exception {
            return switch (this) {
                case ONE_THREAD -> Executors.newFixedThreadPool(1);
                case FOUR_THREADS -> Executors.newFixedThreadPool(4);
                case CACHED -> Executors.newCachedThreadPool();
                case CALLER_RUNS -> Runnable::run;
                case CALLER_RUNS_WHEN_FULL ->
                    new ThreadPoolExecutor(
                            1,
                            1,
                            0,
                            TimeUnit.SECONDS,
                            new SynchronousQueue<>(),
                            new ThreadPoolExecutor.CallerRunsPolicy());
                case REJECTS_WHEN_FULL ->
                    new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(2));
                case FORK_JOIN -> new ForkJoinPool(3);
                case VIRTUAL -> virtualThreads();
            };
        }

        private static Executor virtualThreads() throws Exception {
            Assumptions.assumeTrue(Runtime.version().feature() >= 21, "virtual threads come with Java 21");
            return (Executor)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        }
    }

    private final List<ExecutorService> services = new ArrayList<>();
    private final CountDownLatch gate = new CountDownLatch(1);

    private <T extends Executor> T kept(T executor) {
        if (executor instanceof ExecutorService service) {
            services.add(service);
        }
        return executor;
    }

    @AfterEach
    void endExecutors() throws Exception {
        gate.countDown();
        for (ExecutorService service : services) {
            service.shutdown();
            assertTrue(service.awaitTermination(20, TimeUnit.SECONDS));
        }
    }

    /** Waits for the gate, as a handler that is stuck; bounded, so that a failed test ends. */
    private void standAtTheGate() throws InterruptedException {
        assertTrue(gate.await(20, TimeUnit.SECONDS));
    }

    private static byte[] numbered(int number, int length) {
        return ByteBuffer.allocate(Integer.BYTES + length).putInt(number).array();
    }

    @ParameterizedTest
    @EnumSource(Kept.class)
    void callbacksKeepTheirContractOnEveryExecutor(Kept kind) throws Exception {
        int frames = 400;
        try (Loopback loopback = Loopback.builder().executor(kept(kind.make())).start()) {
            List<Link> links = new ArrayList<>();
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            ByteBuffer all = ByteBuffer.allocate(frames * (2 * KIB));
            for (int i = 0; i < frames; i++) {
                all.put(RawPeer.frame(numbered(i, i % 50 == 0 ? KIB : i % 100)));
            }
            byte[] stream = new byte[all.flip().remaining()];
            all.get(stream);
            for (int i = 0; i < SESSIONS; i++) {
                Link link = loopback.open();
                links.add(link);
                sent.add(link.peer().sendMeanwhile(stream));
            }
            for (int i = 0; i < SESSIONS; i++) {
                for (int n = 0; n < frames; n++) {
                    assertEquals(
                            n, ByteBuffer.wrap(links.get(i).peer().readFrame()).getInt());
                }
                sent.get(i).get(10, TimeUnit.SECONDS);
                links.get(i).peer().closeOutput();
                links.get(i).peer().expectEndOfStream();
                assertEquals(Kind.PEER, links.get(i).recording().awaitClose().kind());
                assertEquals(frames, links.get(i).recording().messages().size());
            }
        }
    }

    @Test
    void stuckHandlersHoldNoIoThread() throws Exception {
        int stuck = 16;
        CountDownLatch entered = new CountDownLatch(stuck);
        MessageHandler handler = (session, message) -> {
            if (message.get(message.position()) == 1) {
                entered.countDown();
                standAtTheGate();
            }
            session.send(message);
        };
        try (Loopback loopback = Loopback.builder()
                .threads(1)
                .protocol(Protocol.millrace())
                .executor(kept(Executors.newCachedThreadPool()))
                .handler(handler)
                .start()) {
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < stuck; i++) {
                Link link = loopback.open();
                links.add(link);
                link.peer().sendFrame((byte) 0, (byte) 1);
            }
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            for (Link link : links) {
                link.peer().send(withToken(4, 77));
                ByteBuffer pong = ByteBuffer.wrap(link.peer().readFrame());
                assertEquals(5, pong.get(), "a ping is answered while the handler is stuck");
                assertEquals(77, pong.getLong());
                CompletableFuture<ByteBuffer> reply =
                        link.session().request(ByteBuffer.allocate(3), Duration.ofSeconds(20));
                ByteBuffer request = ByteBuffer.wrap(link.peer().readFrame());
                assertEquals(1, request.get());
                link.peer().send(withToken(2, request.getLong()));
                assertEquals(0, reply.get(10, TimeUnit.SECONDS).remaining());
            }
            Link other = loopback.open();
            other.peer().sendFrame((byte) 0, (byte) 2);
            assertEquals(2, other.peer().readFrame()[1]);
            gate.countDown();
            for (Link link : links) {
                assertEquals(1, link.peer().readFrame()[1]);
            }
        }
    }

    private static byte[] withToken(int kind, long token) {
        return RawPeer.frame(
                ByteBuffer.allocate(9).put((byte) kind).putLong(token).array());
    }

    @Test
    void sessionReadsOneFurtherBufferAheadOfItsHandler() throws Exception {
        // a buffer has a little more than a turn's bytes
        int turn = (64 + 4) * KIB;
        AtomicLong handled = new AtomicLong();
        AtomicLong furthest = new AtomicLong();
        MessageHandler handler = (session, message) -> {
            // what the session has read may grow until the handler returns
            handled.addAndGet(Integer.BYTES + message.remaining());
            long ahead = session.stats().bytesReceived() - handled.get();
            furthest.accumulateAndGet(ahead, Math::max);
            if (handled.get() > 4 * MIB) {
                standAtTheGate();
            }
        };
        try (Loopback loopback = Loopback.builder()
                .executor(kept(Executors.newFixedThreadPool(1)))
                .handler(handler)
                .start()) {
            Link link = loopback.open();
            byte[] frame = RawPeer.frame(new byte[1000]);
            int frames = 8_000;
            ByteBuffer stream = ByteBuffer.allocate(frames * frame.length);
            while (stream.hasRemaining()) {
                stream.put(frame);
            }
            CompletableFuture<Void> sent = link.peer().sendMeanwhile(stream.array());
            LeakCheck.awaitSoon("stuck", () -> handled.get() > 4 * MIB);
            for (int i = 0; i < 100; i++) {
                CountDownLatch passed = new CountDownLatch(1);
                loopback.runtime().execute(passed::countDown);
                assertTrue(passed.await(10, TimeUnit.SECONDS));
            }
            long ahead = link.session().stats().bytesReceived() - handled.get();
            assertTrue(ahead <= 2 * turn, "read ahead of a stuck handler: " + ahead);
            gate.countDown();
            sent.get(10, TimeUnit.SECONDS);
            link.recording().awaitMessages(frames);
            assertTrue(furthest.get() <= 2 * turn, "read ahead: " + furthest);
        }
    }

    @Test
    void executorThatIsFullPausesItsSessionsAndLosesNothing() throws Exception {
        int frames = 3_000;
        // one thread and one place, and somebody else has the thread
        ThreadPoolExecutor full = kept(new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1)));
        full.execute(() -> assertTrue(gateOpened()));
        full.execute(() -> {});
        try (Loopback loopback = Loopback.builder().threads(1).executor(full).start()) {
            List<Link> links = new ArrayList<>();
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            ByteBuffer stream = ByteBuffer.allocate(frames * 1008);
            for (int i = 0; i < frames; i++) {
                stream.put(RawPeer.frame(numbered(i, 1000)));
            }
            for (int i = 0; i < 4; i++) {
                links.add(loopback.open());
                sent.add(links.get(i).peer().sendMeanwhile(stream.array()));
            }
            LeakCheck.awaitSoon("each has taken in what it may", () -> links.stream()
                    .allMatch(l -> l.session().stats().bytesReceived() > 0));
            CountDownLatch free = new CountDownLatch(1);
            loopback.runtime().execute(free::countDown);
            assertTrue(free.await(10, TimeUnit.SECONDS), "the I/O thread is free");
            for (Link link : links) {
                assertTrue(link.session().stats().bytesReceived() <= 2 * (64 + 4) * KIB);
                assertEquals(List.of(), link.recording().events());
            }
            gate.countDown();
            for (int i = 0; i < links.size(); i++) {
                for (int n = 0; n < frames; n++) {
                    assertEquals(
                            n, ByteBuffer.wrap(links.get(i).peer().readFrame()).getInt());
                }
                sent.get(i).get(10, TimeUnit.SECONDS);
            }
        }
    }

    private boolean gateOpened() {
        try {
            return gate.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Kept.class,
            names = {"ONE_THREAD", "CACHED"})
    void sessionsEndWhenTheirExecutorWasShutDown(Kept kind) throws Exception {
        ExecutorService executor = (ExecutorService) kept(kind.make());
        try (Loopback loopback = Loopback.builder().executor(executor).start()) {
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                links.add(loopback.open());
                links.get(i).peer().sendFrame((byte) i);
                assertEquals(i, links.get(i).peer().readFrame()[0]);
            }
            executor.shutdown();
            for (Link link : links) {
                link.peer().sendFrame((byte) 9);
                assertEquals(9, link.peer().readFrame()[0], "an I/O thread does it");
                link.peer().close();
                assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            }
        }
    }

    @Test
    void sessionsEndWhenTheirExecutorHasDroppedWhatItHadAccepted() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        ExecutorService executor = kept(Executors.newFixedThreadPool(1));
        executor.execute(() -> {
            entered.countDown();
            boolean interrupted = !gateOpened();
            assertTrue(interrupted);
        });
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        try (Loopback loopback = Loopback.builder().executor(executor).start()) {
            Link closed = loopback.open();
            Link ended = loopback.open();
            ended.peer().sendFrame((byte) 1);
            LeakCheck.awaitSoon(
                    "accepted by the executor",
                    () -> ended.session().stats().messagesReceived() == 1 && queuedIn(executor) == 2);
            executor.shutdownNow();
            closed.session().close();
            closed.peer().close();
            closed.recording().awaitClose();
            ended.peer().close();
            assertEquals(Kind.PEER, ended.recording().awaitClose().kind());
            assertEquals(
                    List.of("onOpen", "onMessage", "onClose"), ended.recording().events());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sessionWhoseLastCallbackWasDroppedEndsWhenItsOwnerEndsIt(boolean inGoodOrder) throws Exception {
        ExecutorService executor = kept(Executors.newFixedThreadPool(1));
        CloseReason why = CloseReason.of(Kind.SHUTDOWN, "end of the test");
        try (Loopback loopback = Loopback.builder().executor(executor).start()) {
            Link link = loopback.open();
            Awaitility.await().until(() -> link.recording().events().contains("onOpen"));
            executor.execute(() -> assertThrows(InterruptedException.class, gate::await));
            link.peer().close();
            Awaitility.await()
                    .until(() -> queuedIn(executor) == 1 && !link.session().isOpen());
            assertEquals(1, executor.shutdownNow().size());
            if (inGoodOrder) {
                link.session().drain(why);
            } else {
                link.session().abort(why);
            }
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
        }
    }

    private static int queuedIn(ExecutorService executor) {
        return ((ThreadPoolExecutor) executor).getQueue().size();
    }

    @Test
    void executorThatFailsIsAskedAgain() throws Exception {
        AtomicInteger failures = new AtomicInteger(3);
        ExecutorService threads = kept(Executors.newCachedThreadPool());
        Executor failing = task -> {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            threads.execute(task);
        };
        try (Loopback loopback = Loopback.builder().executor(failing).start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertEquals(1, link.peer().readFrame()[0]);
            assertTrue(loopback.log().lines().stream().allMatch(line -> line.contains("handler executor failed")));
            loopback.log().clear();
        }
    }

    @Test
    void sessionLendsItsBufferWhenThereIsNoMemoryForAnother() throws Exception {
        int frames = 500;
        Semaphore steps = new Semaphore(0);
        MessageHandler handler = (session, message) -> assertTrue(steps.tryAcquire(20, TimeUnit.SECONDS));
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(MIB)
                .executor(kept(Executors.newCachedThreadPool()))
                .handler(handler)
                .start()) {
            Link link = loopback.open();
            LeakCheck.awaitSoon("open", () -> link.recording().events().contains("onOpen"));
            List<PooledBuffer> all = new ArrayList<>();
            PooledBuffer taken;
            while ((taken = loopback.runtime().buffers().tryAcquire(BufferPool.SMALLEST_BYTES)) != null) {
                all.add(taken);
            }
            ByteBuffer stream = ByteBuffer.allocate(frames * 58);
            for (int i = 0; i < frames; i++) {
                stream.put(RawPeer.frame(numbered(i, 50)));
            }
            CompletableFuture<Void> sent = link.peer().sendMeanwhile(stream.array());
            steps.release(frames / 2);
            link.recording().awaitMessages(frames / 2);
            all.forEach(PooledBuffer::release);
            steps.release(frames / 2);
            List<byte[]> messages = link.recording().awaitMessages(frames);
            for (int i = 0; i < frames; i++) {
                assertEquals(i, ByteBuffer.wrap(messages.get(i)).getInt());
            }
            sent.get(10, TimeUnit.SECONDS);
        }
    }

    /** How a session may end while its handler is stuck. */
    enum End {
        CLOSE,
        ABORT,
        PEER_ENDS,
        PEER_RESETS
    }

    @ParameterizedTest
    @EnumSource(End.class)
    void sessionEndsInOrderHoweverItEndsWithBatchesWaiting(End end) throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        MessageHandler handler = (session, message) -> {
            entered.countDown();
            standAtTheGate();
        };
        try (Loopback loopback = Loopback.builder()
                .executor(kept(Executors.newCachedThreadPool()))
                .handler(handler)
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            // behind the first batch waits another
            link.peer()
                    .send(
                            ByteBuffer.allocate(10 * 5)
                                    .put(RawPeer.frame((byte) 2))
                                    .put(RawPeer.frame((byte) 3))
                                    .array(),
                            0,
                            10);
            LeakCheck.awaitSoon("read ahead", () -> link.session().stats().messagesReceived() == 3);
            switch (end) {
                case CLOSE -> link.session().close();
                case ABORT -> link.session().abort();
                case PEER_ENDS -> link.peer().closeOutput();
                case PEER_RESETS -> link.peer().reset();
            }
            if (end == End.ABORT) {
                assertNotNull(link.session().closeReason());
            }
            assertFalse(link.recording().events().contains("onClose"), "the handler is still at work");
            gate.countDown();
            if (end != End.PEER_RESETS) {
                link.peer().readToEnd();
                link.peer().close();
            }
            CloseReason reason = link.recording().awaitClose();
            int delivered = link.recording().messages().size();
            switch (end) {
                case CLOSE, ABORT -> {
                    assertEquals(Kind.LOCAL, reason.kind());
                    assertEquals(1, delivered);
                }
                case PEER_ENDS -> {
                    assertEquals(Kind.PEER, reason.kind());
                    assertEquals(3, delivered);
                }
                case PEER_RESETS -> assertTrue(reason.kind() == Kind.RESET || reason.kind() == Kind.PEER, "" + reason);
            }
        }
    }

    @Test
    void handlersOfOneSessionNeverForgetThatTheyAreCallbacks() throws Exception {
        AtomicBoolean allowed = new AtomicBoolean();
        MessageHandler handler = (session, message) -> {
            try {
                session.sendAndWait(message, Duration.ofSeconds(1));
                allowed.set(true);
            } catch (IllegalStateException refused) {
                session.send(message);
            }
        };
        try (Loopback loopback = Loopback.builder()
                .executor(kept(Executors.newCachedThreadPool()))
                .handler(handler)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 3_000; i++) {
                link.peer().sendFrame((byte) i);
                assertEquals((byte) i, link.peer().readFrame()[0]);
            }
            assertFalse(allowed.get(), "a callback was let wait for its own session");
        }
    }
}
