package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions that finish what is in flight and begin nothing new. */
@Tag("engine")
class DrainIT {
    private static final RequestHandler ECHO = RequestHandler.of(request -> request);
    private static final CloseReason WHY = CloseReason.of(Kind.SHUTDOWN, "going");

    private final List<Reply> open = new CopyOnWriteArrayList<>();

    private Loopback keeping(Protocol protocol) throws Exception {
        return Loopback.builder()
                .protocol(protocol)
                .answering((session, request, reply) -> open.add(reply))
                .start();
    }

    private static String request(int token, String payload) {
        byte[] bytes = payload.getBytes(StandardCharsets.US_ASCII);
        return "%08x 01 %016x ".formatted(9 + bytes.length, token) + Hex.of(bytes);
    }

    private static void expectGoodbye(RawPeer peer, int code) throws Exception {
        byte[] frame = peer.readFrame();
        assertEquals(
                "06 %04x 00".formatted(code).replace(" ", ""),
                Hex.of(frame).replace(" ", "").substring(0, 8));
    }

    private static void expectError(RawPeer peer, int token, int code) throws Exception {
        byte[] frame = peer.readFrame();
        assertEquals(
                "03%016x%04x".formatted(token, code),
                Hex.of(frame).replace(" ", "").substring(0, 22));
    }

    private static void expectReply(RawPeer peer, int token, String payload) throws Exception {
        byte[] frame = peer.readFrame();
        assertEquals("02%016x".formatted(token), Hex.of(frame).replace(" ", "").substring(0, 18));
        assertEquals(payload, new String(frame, 9, frame.length - 9, StandardCharsets.US_ASCII));
    }

    private Reply awaitOpen(int count) {
        await().until(() -> open.size() == count);
        return open.get(count - 1);
    }

    @Test
    void whatIsInFlightIsFinishedAndWhatComesLaterIsAnsweredAsDraining() throws Exception {
        try (Loopback loopback = keeping(Protocol.millrace())) {
            Link link = loopback.open();
            Hex.send(link.peer(), request(1, "one"));
            Reply first = awaitOpen(1);
            link.session().drain(WHY);
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            assertTrue(link.session().isOpen());
            assertNull(link.session().closeReason());
            Hex.send(link.peer(), request(2, "two"));
            expectError(link.peer(), 2, ErrorCode.DRAINING);
            assertEquals(1, open.size());
            first.send("done".getBytes(StandardCharsets.US_ASCII));
            expectReply(link.peer(), 1, "done");
            link.peer().closeOutput();
            link.peer().expectEndOfStream();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void peerThatObeysIsClosedAtOnceAndWhatItHadAskedBeforeItHeardIsAnswered() throws Exception {
        try (Loopback loopback = keeping(Protocol.millrace())) {
            Link link = loopback.open();
            link.session().drain(WHY);
            // Crosses with the notice.
            Hex.send(link.peer(), request(7, "late"));
            link.peer().closeOutput();
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            expectError(link.peer(), 7, ErrorCode.DRAINING);
            link.peer().expectEndOfStream();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void peerThatIgnoresTheNoticeIsWaitedForOnlyShortly() throws Exception {
        ManualClock clock = new ManualClock();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .answering(ECHO)
                .clock(clock)
                .start()) {
            Link link = loopback.open();
            link.session().drain(WHY);
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            Hex.send(link.peer(), request(1, "x"));
            expectError(link.peer(), 1, ErrorCode.DRAINING);
            assertTrue(link.session().isOpen());
            clock.advance(Duration.ofSeconds(3));
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void withoutANoticeTheSessionClosesBehindItsAnswers() throws Exception {
        try (Loopback loopback = keeping(Protocol.lengthPrefixed())) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            Reply second = awaitOpen(2);
            link.session().drain(WHY);
            second.send(new byte[] {20});
            open.get(0).send(new byte[] {10});
            assertEquals(10, link.peer().readFrame()[0]);
            assertEquals(20, link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void withAnErrorEncoderLaterRequestsAreToldInTheirTurn() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.lengthPrefixed())
                .answering((session, request, reply) -> open.add(reply))
                .errorEncoder((code, text) -> ByteBuffer.allocate(2).putShort(0, (short) code))
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            Reply first = awaitOpen(1);
            link.session().drain(WHY);
            link.peer().sendFrame((byte) 2);
            // The second has been refused when the session has taken it in; its answer waits for the first.
            await().until(() -> link.session().stats().messagesReceived() == 2);
            first.send(new byte[] {10});
            assertEquals(10, link.peer().readFrame()[0]);
            assertEquals(
                    ErrorCode.DRAINING, ByteBuffer.wrap(link.peer().readFrame()).getShort());
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void errorEncoderKeepsTheSessionOfAFailedRequest() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.lengthPrefixed())
                .answering((session, request, reply) -> {
                    if (request.get() == 1) {
                        throw new IllegalStateException("broken");
                    }
                    reply.send(new byte[] {7});
                })
                .errorEncoder((code, text) -> ByteBuffer.allocate(2).putShort(0, (short) code))
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            assertEquals(
                    ErrorCode.HANDLER, ByteBuffer.wrap(link.peer().readFrame()).getShort());
            assertEquals(7, link.peer().readFrame()[0]);
            await().until(() -> !loopback.log().lines().isEmpty());
            loopback.log().clear();
        }
    }

    @Test
    void ownRequestsAreWaitedForAndNoneIsBegun() throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.millrace()).answering(ECHO).start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked =
                    link.session().request(ByteBuffer.wrap(new byte[] {1}), Duration.ofSeconds(30));
            String token = Hex.of(link.peer().readFrame()).replace(" ", "").substring(2, 18);
            link.session().drain(WHY);
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            Throwable refused = assertThrows(ExecutionException.class, () -> link.session()
                            .request(ByteBuffer.wrap(new byte[] {2}), Duration.ofSeconds(30))
                            .get(10, TimeUnit.SECONDS))
                    .getCause();
            assertInstanceOf(TransportException.class, refused);
            assertTrue(String.valueOf(refused.getMessage()).contains("draining"), refused::toString);
            Hex.send(link.peer(), "0000000a 02" + token + "09");
            assertEquals(9, asked.get(10, TimeUnit.SECONDS).get());
            link.peer().closeOutput();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void handlersOnAnExecutorAreWaitedFor() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (Loopback loopback = Loopback.builder()
                .executor(executor)
                .handler((session, message) -> {
                    entered.countDown();
                    leave.await(20, TimeUnit.SECONDS);
                    session.send(message);
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 5);
            assertTrue(entered.await(20, TimeUnit.SECONDS));
            link.session().drain(WHY);
            assertTrue(link.session().isOpen());
            leave.countDown();
            assertEquals(5, link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void resetWhileItDrainsIsReportedAsReset() throws Exception {
        try (Loopback loopback = keeping(Protocol.millrace())) {
            Link link = loopback.open();
            Hex.send(link.peer(), request(1, "one"));
            awaitOpen(1);
            link.session().drain(WHY);
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            link.peer().reset();
            assertEquals(Kind.RESET, link.recording().awaitClose().kind());
        }
    }

    @Test
    void oneExchangePerConnectionWhereAskedFor() throws Exception {
        SessionConfig once = SessionConfig.builder().requestLimit(1).build();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.lengthPrefixed())
                .config(once)
                .answering(ECHO)
                .start()) {
            Link link = loopback.open();
            link.peer().send(Hex.bytes("00000001 41 00000001 42"));
            assertEquals('A', link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .config(once)
                .answering(ECHO)
                .start()) {
            Link link = loopback.open();
            Hex.send(link.peer(), request(1, "A") + request(2, "B"));
            expectError(link.peer(), 2, ErrorCode.DRAINING);
            // Behind what was queued: who has the notice, and nothing in flight, may end the connection.
            expectReply(link.peer(), 1, "A");
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            link.peer().closeOutput();
            link.peer().expectEndOfStream();
            link.recording().awaitClose();
        }
    }

    @Test
    void noticeComesBehindTheRequestsThatWereQueuedBeforeIt() throws Exception {
        int count = 50;
        byte[] payload = new byte[20_000];
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .asking()
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                replies.add(link.session().request(ByteBuffer.wrap(payload), Duration.ofSeconds(20)));
            }
            link.session().drain(WHY);
            await().until(() -> !link.session().takesRequests());

            for (int i = 0; i < count; i++) {
                byte[] frame = link.peer().readFrame();
                assertEquals(1, frame[0], "a request, the " + i + "th");
                Hex.send(link.peer(), "0000000a 02 " + Hex.of(Arrays.copyOfRange(frame, 1, 9)) + " 41");
            }
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            for (CompletableFuture<ByteBuffer> reply : replies) {
                assertEquals('A', reply.get(10, TimeUnit.SECONDS).get());
            }
            link.peer().closeOutput();
            link.recording().awaitClose();
        }
    }

    @Test
    void sessionOfMaximumAgeDrainsBetweenNineAndElevenTenthsOfIt() throws Exception {
        ManualClock clock = new ManualClock();
        SessionConfig aging =
                SessionConfig.builder().maxAge(Duration.ofSeconds(100)).build();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .answering(ECHO)
                .config(aging)
                .clock(clock)
                .start()) {
            Link link = loopback.open();
            await().until(() -> link.recording().events().contains("onOpen"));
            clock.advance(Duration.ofMillis(89_900));
            Hex.send(link.peer(), request(1, "busy"));
            expectReply(link.peer(), 1, "busy");
            clock.advance(Duration.ofMillis(20_200));
            expectGoodbye(link.peer(), ErrorCode.DRAINING);
            link.peer().closeOutput();
            link.peer().expectEndOfStream();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.LOCAL, reason.kind());
            assertTrue(reason.detail().contains("maximum age, 100000 ms"), reason::toString);
        }
    }

    @Test
    void drainBeforeOpenAndTwiceAndAfterTheEndChangesNothing() throws Exception {
        try (Loopback loopback = keeping(Protocol.millrace())) {
            Link link = loopback.open();
            link.session().drain();
            link.session().drain(WHY);
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.LOCAL, reason.kind());
            link.session().drain(WHY);
            assertEquals(reason, link.session().closeReason());
        }
    }
}
