package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Fault;
import io.millrace.testing.Fault.Operation;
import io.millrace.testing.FaultPlan;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** W07, W08, W09: what senders hear of their messages, and how they take them back. */
@Tag("engine")
@NetworkTest
class SendCompletionIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();

    private static Loopback stalling(MessageHandler handler) throws Exception {
        return Loopback.builder()
                .config(ROOMY)
                .handler(handler)
                .socketBuffers(8 * KIB)
                .start();
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer message = ByteBuffer.allocate(values.length);
        IntStream.of(values).forEach(value -> message.put((byte) value));
        return message.flip();
    }

    private static Throwable failure(CompletableFuture<Void> sent) {
        return assertThrows(ExecutionException.class, () -> sent.get(10, TimeUnit.SECONDS))
                .getCause();
    }

    @Permutation.Each
    void completionsComeOnceEachInOrderAndNeverDuringAnotherCallback(Permutation how) throws Exception {
        int count = 2_000;
        AtomicBoolean busy = new AtomicBoolean();
        List<String> overlaps = new CopyOnWriteArrayList<>();
        List<Integer> order = new CopyOnWriteArrayList<>();
        MessageHandler handler = (session, message) -> exclusively("onMessage", busy, overlaps);
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler(handler)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < count; i++) {
                int number = i;
                assertTrue(link.session()
                        .send(ByteBuffer.allocate(i % 7 == 0 ? 20_000 : i % 100), failure -> {
                            exclusively("completed", busy, overlaps);
                            assertNull(failure);
                            order.add(number);
                        })
                        .isAccepted());
                if (i % 10 == 0) {
                    link.peer().sendFrame((byte) i);
                    assertTrue(link.session().send(bytes(1)).isAccepted());
                }
            }
            for (int i = 0; i < count + count / 10; i++) {
                link.peer().readFrame();
            }
            Awaitility.await().until(() -> order.size() == count);
            link.recording().awaitMessages(count / 10);
            assertEquals(IntStream.range(0, count).boxed().toList(), order);
            assertEquals(List.of(), overlaps);
        }
    }

    private static void exclusively(String what, AtomicBoolean busy, List<String> overlaps) {
        if (!busy.compareAndSet(false, true)) {
            overlaps.add(what);
        }
        Thread.onSpinWait();
        busy.set(false);
    }

    @Permutation.Each
    void resetInsideALargeWriteFailsAllInOrderForOneReason(Permutation how) throws Exception {
        List<Integer> order = new CopyOnWriteArrayList<>();
        List<TransportException> failures = new CopyOnWriteArrayList<>();
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 20; i++) {
                int number = i;
                link.session().send(ByteBuffer.allocate(i == 0 ? 8 * MIB : 10), failure -> {
                    order.add(number);
                    failures.add(failure);
                    assertEquals(SendResult.CLOSED, link.session().send(bytes(1)));
                });
            }
            link.peer().readExactly(10_000);
            link.peer().reset();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.RESET, reason.kind());
            assertEquals(IntStream.range(0, 20).boxed().toList(), order);
            for (int i = 0; i < 20; i++) {
                SessionClosedException failure = assertInstanceOf(SessionClosedException.class, failures.get(i));
                assertEquals(reason, failure.reason());
                assertEquals(i == 0, failure.maybeWritten(), "message " + i);
            }
        }
    }

    @Test
    void sendAfterTheCloseOrTheHalfCloseFailsAtOnce() throws Exception {
        AtomicInteger heard = new AtomicInteger();
        try (Loopback loopback = stalling(IGNORE)) {
            for (boolean half : new boolean[] {true, false}) {
                Link link = loopback.open();
                if (half) {
                    link.session().shutdownOutput();
                } else {
                    link.session().close();
                }
                assertEquals(SendResult.CLOSED, link.session().send(bytes(1), failure -> heard.incrementAndGet()));
                SessionClosedException failure = assertInstanceOf(
                        SessionClosedException.class, failure(link.session().sendAsync(bytes(1))));
                assertFalse(failure.maybeWritten());
                assertThrows(SessionClosedException.class, () -> link.session()
                        .sendAndWait(bytes(1), Duration.ofSeconds(5)));
                link.peer().expectEndOfStream();
                link.peer().closeOutput();
                link.recording().awaitClose();
            }
        }
        assertEquals(0, heard.get());
    }

    @Test
    void queuedMessageThatIsCancelledIsNotSentAndTheOthersKeepTheirOrder() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            CompletableFuture<Void> large = link.session().sendAsync(ByteBuffer.allocate(4 * MIB));
            List<CompletableFuture<Void>> queued = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                queued.add(link.session()
                        .sendAsync(
                                ByteBuffer.allocate(i % 5 == 0 ? 100_000 : 10).put(0, (byte) i)));
            }
            long before = link.session().queuedBytes();
            for (int i = 0; i < 40; i += 3) {
                assertTrue(queued.get(i).cancel(false), "message " + i);
                assertTrue(queued.get(i).cancel(false), "it stays cancelled");
            }
            assertTrue(link.session().queuedBytes() < before);
            assertEquals(4 * MIB, link.peer().readFrame().length);
            for (int i = 0; i < 40; i++) {
                if (i % 3 != 0) {
                    byte[] frame = link.peer().readFrame();
                    assertEquals(i, frame[0]);
                    assertEquals(i % 5 == 0 ? 100_000 : 10, frame.length);
                    queued.get(i).get(10, TimeUnit.SECONDS);
                } else {
                    assertTrue(queued.get(i).isCancelled());
                }
            }
            large.get(10, TimeUnit.SECONDS);
            assertFalse(large.cancel(false), "it is written");
        }
    }

    @Test
    void messageThatIsHalfSentCannotBeCancelled() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            CompletableFuture<Void> large = link.session().sendAsync(ByteBuffer.allocate(4 * MIB));
            link.peer().readExactly(1);
            assertFalse(large.cancel(false));
            assertFalse(large.isCancelled());
            link.peer().readExactly(4 * MIB + 3);
            large.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void cancelThatEmptiesAClosingQueueLetsItClose() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            CompletableFuture<Void> large = link.session().sendAsync(ByteBuffer.allocate(2 * MIB));
            CompletableFuture<Void> last = link.session().sendAsync(ByteBuffer.allocate(100));
            link.session().close();
            assertTrue(last.cancel(false));
            assertEquals(2 * MIB, link.peer().readFrame().length);
            link.peer().expectEndOfStream();
            link.peer().close();
            link.recording().awaitClose();
            large.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void cancelFromManyThreadsAndTheWriteAgreeOnEveryMessage() throws Exception {
        int count = 3_000;
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            List<CompletableFuture<Void>> sent = new CopyOnWriteArrayList<>();
            Thread canceller = new Thread(() -> {
                int next = 0;
                while (next < count) {
                    if (next < sent.size()) {
                        sent.get(next).cancel(false);
                        next += 3;
                    }
                    Thread.onSpinWait();
                }
            });
            canceller.start();
            CompletableFuture<List<Integer>> received = CompletableFuture.supplyAsync(() -> {
                List<Integer> numbers = new ArrayList<>();
                try {
                    int number;
                    while ((number = ByteBuffer.wrap(link.peer().readFrame()).getInt()) >= 0) {
                        numbers.add(number);
                    }
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
                return numbers;
            });
            for (int i = 0; i < count; i++) {
                sent.add(link.session().sendAsync(ByteBuffer.allocate(500).putInt(0, i)));
            }
            canceller.join(10_000);
            link.session().sendAndWait(ByteBuffer.allocate(4).putInt(0, -1), Duration.ofSeconds(10));
            List<Integer> expected = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                if (!sent.get(i).isCancelled()) {
                    expected.add(i);
                }
            }
            assertEquals(expected, received.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void emptyMessagesOfAStreamAreHeardOfInTheirPlace() throws Exception {
        List<Integer> order = new CopyOnWriteArrayList<>();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.raw())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .config(ROOMY)
                .start()) {
            Link link = loopback.open();
            link.session().send(bytes(), failure -> order.add(-1));
            Awaitility.await().until(() -> order.equals(List.of(-1)));
            for (int i = 0; i < 30; i++) {
                int number = i;
                link.session().send(ByteBuffer.allocate(i % 3 == 0 ? 100_000 : 0), failure -> order.add(number));
            }
            link.peer().readExactly(10 * 100_000);
            Awaitility.await().until(() -> order.size() == 31);
            assertEquals(IntStream.range(-1, 30).boxed().toList(), order);
        }
    }

    /** As deep as the stack if a completion ran inside the send before it. */
    @Permutation.Each
    void completionThatSendsTheNextMessageDoesNotRecurse(Permutation how) throws Exception {
        for (int length : new int[] {0, 1}) {
            int count = 20_000;
            CountDownLatch done = new CountDownLatch(1);
            AtomicInteger sent = new AtomicInteger();
            try (Loopback loopback =
                    how.loopback().protocol(Protocol.raw()).handler(IGNORE).start()) {
                Link link = loopback.open();
                SendCompletion next = new SendCompletion() {
                    @Override
                    public void completed(TransportException failure) {
                        if (failure == null && sent.incrementAndGet() < count) {
                            link.session().send(ByteBuffer.allocate(length), this);
                        } else {
                            done.countDown();
                        }
                    }
                };
                link.session().send(ByteBuffer.allocate(length), next);
                link.peer().readExactly(length * count);
                assertTrue(done.await(10, TimeUnit.SECONDS), "after " + sent + " messages");
            }
        }
    }

    @Test
    void completionThatThrowsClosesItsSession() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            link.session().send(bytes(1), failure -> {
                throw new IllegalStateException("thrown by a test");
            });
            assertEquals(1, link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().closeOutput();
            assertEquals(Kind.HANDLER, link.recording().awaitClose().kind());
            loopback.log().clear();
        }
    }

    @Test
    void sendAndWaitReturnsWhenItIsWritten() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> {
                try {
                    return link.peer().readFrame();
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            });
            link.session().sendAndWait(ByteBuffer.allocate(3 * MIB), Duration.ofSeconds(10));
            assertEquals(0, link.session().queuedBytes());
            assertEquals(3 * MIB, read.get(10, TimeUnit.SECONDS).length);
        }
    }

    @Test
    void sendAndWaitThatTakesTooLongTakesTheMessageBackOrAborts() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            link.session().send(ByteBuffer.allocate(4 * MIB));
            TransportException late = assertThrows(
                    TransportException.class, () -> link.session().sendAndWait(bytes(1), Duration.ofMillis(50)));
            assertTrue(String.valueOf(late.getMessage()).contains("50 ms"), late::toString);
            assertTrue(link.session().isOpen());
            assertEquals(4 * MIB, link.peer().readFrame().length);
            link.session().send(bytes(2));
            assertArrayEquals(new byte[] {2}, link.peer().readFrame());
            SessionClosedException half = assertThrows(SessionClosedException.class, () -> link.session()
                    .sendAndWait(ByteBuffer.allocate(4 * MIB), Duration.ofMillis(50)));
            assertTrue(half.maybeWritten());
            assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
        }
    }

    @Test
    void sendAndWaitHearsOfAReset() throws Exception {
        try (Loopback loopback = stalling(IGNORE)) {
            Link link = loopback.open();
            CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
                try {
                    link.session().sendAndWait(ByteBuffer.allocate(4 * MIB), Duration.ofSeconds(20));
                } catch (TransportException e) {
                    throw new CompletionException(e);
                }
            });
            link.peer().readExactly(100);
            link.peer().reset();
            SessionClosedException failure = assertInstanceOf(SessionClosedException.class, failure(waiting));
            assertEquals(Kind.RESET, failure.reason().kind());
        }
    }

    @Test
    void sendAndWaitIsRefusedWhereNobodyMayWait() throws Exception {
        List<Throwable> refusals = new CopyOnWriteArrayList<>();
        MessageHandler handler = (session, message) -> {
            try {
                session.sendAndWait(bytes(1), Duration.ofSeconds(5));
            } catch (IllegalStateException refused) {
                refusals.add(refused);
            }
            session.send(bytes(2));
        };
        ExecutorService executor = Executors.newSingleThreadExecutor();
        for (boolean inline : new boolean[] {true, false}) {
            Loopback.Builder builder = Loopback.builder().handler(handler);
            try (Loopback loopback = (inline ? builder : builder.executor(executor)).start()) {
                Link link = loopback.open();
                link.peer().sendFrame((byte) 1);
                assertArrayEquals(new byte[] {2}, link.peer().readFrame());
            }
        }
        executor.shutdown();
        assertEquals(2, refusals.size());
    }

    /** What waits on the executor's only thread must not need that thread to hear of the write. */
    @Test
    void sendAndWaitToAnotherSessionWorksOnTheOnlyThreadOfTheExecutor() throws Exception {
        Session[] other = new Session[1];
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        MessageHandler handler = (session, message) -> {
            try {
                other[0].sendAndWait(bytes(7), Duration.ofSeconds(3));
                outcome.complete(null);
            } catch (TransportException e) {
                outcome.completeExceptionally(e);
            }
        };
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (Loopback loopback =
                Loopback.builder().handler(handler).executor(executor).start()) {
            Link target = loopback.open();
            other[0] = target.session();
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertArrayEquals(new byte[] {7}, target.peer().readFrame());
            outcome.get(10, TimeUnit.SECONDS);
            assertTrue(target.session().isOpen());
        }
        executor.shutdown();
    }

    @Test
    void slowProducerIsNotTakenForASlowPeer() throws Exception {
        ManualClock clock = new ManualClock();
        CountDownLatch gate = new CountDownLatch(1);
        FaultPlan plan = new FaultPlan().at(Operation.WRITE, 2, Fault.completingAfter(gate));
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .channel(plan::over)
                .handler(IGNORE)
                .config(SessionConfig.builder()
                        .writeProgressTimeout(Duration.ofSeconds(10))
                        .minWriteProgressBytes(100_000)
                        .build())
                .start()) {
            Link link = loopback.open();
            link.session().send(new byte[10]);
            assertEquals(10, link.peer().readFrame().length);
            clock.advance(Duration.ofSeconds(9));
            link.session().send(new byte[10]);
            assertEquals(10, link.peer().readFrame().length);
            clock.advance(Duration.ofSeconds(2));
            assertTrue(link.session().isOpen(), "all that was queued has been written");
            gate.countDown();
        }
    }

    /** W03, W04. */
    @Test
    void leastProgressIsAskedOfASlowReader() throws Exception {
        for (boolean fastEnough : new boolean[] {true, false}) {
            ManualClock clock = new ManualClock();
            try (Loopback loopback = Loopback.builder()
                    .clock(clock)
                    .handler(IGNORE)
                    .socketBuffers(4 * KIB)
                    .config(ROOMY.toBuilder()
                            .writeProgressTimeout(Duration.ofSeconds(10))
                            .minWriteProgressBytes(64 * KIB)
                            .build())
                    .start()) {
                Link link = loopback.open();
                link.session().send(new byte[8 * MIB]);
                for (int i = 0; i < 5 && link.session().isOpen(); i++) {
                    long before = link.session().stats().bytesSent();
                    // so much that the least has certainly gone out, or so little that it certainly has not
                    link.peer().readExactly(fastEnough ? 512 * KIB : 1_000);
                    if (fastEnough) {
                        Awaitility.await().until(() -> link.session().stats().bytesSent() - before >= 64 * KIB);
                    }
                    clock.advance(Duration.ofSeconds(11));
                }
                if (fastEnough) {
                    assertTrue(
                            link.session().isOpen(),
                            String.valueOf(link.session().closeReason()));
                } else {
                    assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
                }
            }
        }
    }
}
