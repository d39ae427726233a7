package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class SessionRequestIT {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static Loopback start() throws Exception {
        return Loopback.builder()
                .asking()
                .handler((session, message) -> {
                    throw new AssertionError("a reply went to onMessage");
                })
                .start();
    }

    private static ByteBuffer number(int value) {
        return ByteBuffer.allocate(4).putInt(0, value);
    }

    private static byte[] bytes(int value) {
        return number(value).array();
    }

    private static CompletableFuture<ByteBuffer> request(Link link, int value) {
        return link.session().request(number(value), LONG);
    }

    private static int reply(CompletableFuture<ByteBuffer> request) throws Exception {
        return request.get(10, TimeUnit.SECONDS).getInt(0);
    }

    private static Throwable failure(CompletableFuture<ByteBuffer> request) {
        Throwable cause = assertThrows(ExecutionException.class, () -> request.get(10, TimeUnit.SECONDS))
                .getCause();
        if (cause == null) {
            throw new AssertionError("no cause");
        }
        return cause;
    }

    @Test
    @Tag("framing")
    void pipelinedRequestsGetTheirOwnReplies() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            List<CompletableFuture<ByteBuffer>> requests = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                requests.add(request(link, i));
            }
            for (int i = 0; i < 500; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
                link.peer().sendFrame(bytes(i * 7));
            }
            for (int i = 0; i < 500; i++) {
                assertEquals(i * 7, reply(requests.get(i)));
            }
        }
    }

    @Test
    void requestsOfManyThreadsGetTheirOwnReplies() throws Exception {
        int threads = 8;
        int each = 300;
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            List<CompletableFuture<Void>> done = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int first = t * each;
                done.add(CompletableFuture.runAsync(
                        () -> {
                            for (int i = first; i < first + each; i++) {
                                assertEquals(i + 1, request(link, i).join().getInt(0));
                            }
                        },
                        task -> new Thread(task).start()));
            }
            for (int i = 0; i < threads * each; i++) {
                int asked = ByteBuffer.wrap(link.peer().readFrame()).getInt();
                link.peer().sendFrame(bytes(asked + 1));
            }
            for (CompletableFuture<Void> one : done) {
                one.get(10, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void replyAfterTheTimeoutIsDroppedAndTheNextRequestIsUntouched() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> late = link.session().request(number(1), Duration.ofMillis(300));
            link.peer().readFrame();
            assertInstanceOf(RequestTimeoutException.class, failure(late));
            CompletableFuture<ByteBuffer> next = request(link, 2);
            link.peer().readFrame();
            link.peer().sendFrame(bytes(10));
            link.peer().sendFrame(bytes(20));
            assertEquals(20, reply(next));
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void replyThatIsMissingForTwoTimeoutsClosesTheConnection() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> lost = link.session().request(number(1), Duration.ofMillis(100));
            assertInstanceOf(RequestTimeoutException.class, failure(lost));
            link.peer().readFrame();
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
        }
    }

    @Test
    void lostConnectionFailsExactlyTheRequestsInFlight() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            List<CompletableFuture<ByteBuffer>> requests = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                requests.add(request(link, i));
            }
            for (int i = 0; i < 8; i++) {
                link.peer().readFrame();
            }
            for (int i = 0; i < 3; i++) {
                link.peer().sendFrame(bytes(i));
            }
            for (int i = 0; i < 3; i++) {
                assertEquals(i, reply(requests.get(i)));
            }
            link.peer().reset();
            for (int i = 3; i < 8; i++) {
                SessionClosedException closed = (SessionClosedException) failure(requests.get(i));
                assertEquals(Kind.RESET, closed.reason().kind());
                assertTrue(closed.maybeWritten());
            }
            assertEquals(Kind.RESET, link.recording().awaitClose().kind());
        }
    }

    @Test
    void abortMarksWhatWasNotWrittenAsNotSent() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(SessionConfig.builder()
                        .sendMarks(0, 64 << 20)
                        .sendLimit(64 << 20)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> first = link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            CompletableFuture<ByteBuffer> second = request(link, 2);
            link.peer().readExactly(1_000);
            link.session().abort();
            assertTrue(((SessionClosedException) failure(first)).maybeWritten());
            assertFalse(((SessionClosedException) failure(second)).maybeWritten());
        }
    }

    @Test
    void peerThatEndsFailsRequestsInFlight() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> request = request(link, 1);
            link.peer().readFrame();
            link.peer().closeOutput();
            assertEquals(
                    Kind.PEER,
                    ((SessionClosedException) failure(request)).reason().kind());
        }
    }

    @Test
    void replyThatNobodyAskedForIsAProtocolError() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            link.peer().sendFrame(bytes(1));
            link.peer().expectEndOfStream();
            link.peer().close();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertEquals("a reply came that nobody asked for", reason.detail());
        }
    }

    @Test
    void requestAfterTheEndFailsAtOnceAsNotSent() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            link.session().abort();
            loopback.awaitEnded();
            CompletableFuture<ByteBuffer> request = request(link, 1);
            assertTrue(request.isCompletedExceptionally());
            assertFalse(((SessionClosedException) failure(request)).maybeWritten());
        }
    }

    @Test
    void requestBeyondTheLimitOfTheQueueFailsAndTheSessionLives() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(SessionConfig.builder()
                        .sendMarks(0, 1_000)
                        .sendLimit(1_000)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> first = link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            CompletableFuture<ByteBuffer> refused = request(link, 2);
            TransportException why = assertInstanceOf(TransportException.class, failure(refused));
            assertTrue(String.valueOf(why.getMessage()).contains("raise sendLimit, now 1000"), why.getMessage());
            assertEquals(8 << 20, link.peer().readFrame().length);
            link.peer().sendFrame(bytes(1));
            assertEquals(1, reply(first));
        }
    }

    @Test
    void requestOnASessionWithAHandlerIsMisuse() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            assertThrows(IllegalStateException.class, () -> request(link, 1));
        }
    }

    @Test
    void timeoutMustBePositive() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            assertThrows(IllegalArgumentException.class, () -> link.session().request(number(1), Duration.ZERO));
        }
    }

    @Test
    void requestFromTheCompletionOfAnotherKeepsTheStackFlat() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            CompletableFuture<Integer> done = new CompletableFuture<>();
            ask(link, 2_000, done);
            for (int i = 0; i < 2_000; i++) {
                link.peer().sendFrame(link.peer().readFrame());
            }
            int depth = done.get(10, TimeUnit.SECONDS);
            assertTrue(depth < 120, "stack depth " + depth);
        }
    }

    private static void ask(Link link, int left, CompletableFuture<Integer> done) {
        request(link, left).thenAccept(reply -> {
            if (left > 1) {
                ask(link, left - 1, done);
            } else {
                done.complete(new Throwable().getStackTrace().length);
            }
        });
    }

    @Test
    void requestThatAGracefulCloseStillSendsIsNotCalledUnsent() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(SessionConfig.builder()
                        .sendMarks(0, 64 << 20)
                        .sendLimit(64 << 20)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> large = link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            CompletableFuture<ByteBuffer> queued = request(link, 77);
            link.session().close();
            boolean maybeWritten = ((SessionClosedException) failure(queued)).maybeWritten();
            assertTrue(large.isDone());
            assertEquals(8 << 20, link.peer().readFrame().length);
            assertEquals(77, ByteBuffer.wrap(link.peer().readFrame()).getInt(), "the request was sent");
            assertTrue(maybeWritten, "its caller was told that it was not sent");
        }
    }
}
