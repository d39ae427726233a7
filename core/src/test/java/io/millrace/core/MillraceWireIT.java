package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bytes of {@code Protocol.millrace()}, against a peer that knows nothing but bytes. */
@Tag("engine")
class MillraceWireIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String TOKEN = "01 02 03 04 05 06 07 08";
    private static final String PING = "00 00 00 09 04" + TOKEN;
    private static final String PONG = "00 00 00 09 05" + TOKEN;
    private static final String GOAWAY = "00 00 00 04 06 00 02 00";
    private static final RequestHandler ECHO = RequestHandler.of(request -> request);

    private static Loopback answering(RequestHandler handler) throws Exception {
        return Loopback.builder()
                .protocol(Protocol.millrace())
                .answering(handler)
                .start();
    }

    private static Loopback limitedTo(int bytes) throws Exception {
        return Loopback.builder()
                .protocol(MillraceProtocol.create().maxPayloadBytes(bytes))
                .handlers(Loopback.ECHO, ECHO)
                .start();
    }

    private static CompletableFuture<ByteBuffer> ask(Link link) {
        return link.session().request(ByteBuffer.wrap(Hex.bytes("68 69")), LONG);
    }

    /** Receives the request of {@link #ask} and returns its token. */
    private static String askedWith(RawPeer peer) throws Exception {
        Hex.expect(peer, "00 00 00 0b 01");
        String token = Hex.of(peer.readExactly(8));
        Hex.expect(peer, "68 69");
        return token;
    }

    private static String textOf(CompletableFuture<ByteBuffer> reply) throws Exception {
        return StandardCharsets.UTF_8.decode(reply.get(10, TimeUnit.SECONDS)).toString();
    }

    private static <T extends Throwable> T failureOf(CompletableFuture<?> future, Class<T> type) {
        return assertInstanceOf(
                type,
                assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS))
                        .getCause());
    }

    /** Receives a frame that begins with the given bytes, its length aside, and returns the text behind them. */
    private static String expectFrame(RawPeer peer, String start) throws Exception {
        byte[] frame = peer.readFrame();
        byte[] expected = Hex.bytes(start);
        assertEquals(
                Hex.of(expected), Hex.of(frame).substring(0, Hex.of(expected).length()));
        return new String(frame, expected.length, frame.length - expected.length, StandardCharsets.UTF_8);
    }

    private static CloseReason endOf(Link link) throws Exception {
        link.peer().expectEndOfStream();
        link.peer().close();
        return link.recording().awaitClose();
    }

    private static void expectAlive(RawPeer peer) throws Exception {
        Hex.send(peer, PING);
        Hex.expect(peer, PONG);
    }

    @Test
    @Tag("framing")
    void messageIsDeliveredAndSent() throws Exception {
        try (Loopback loopback = limitedTo(100)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 03 00 68 69");
            Hex.expect(link.peer(), "00 00 00 03 00 68 69");
            assertArrayEquals(
                    Hex.bytes("68 69"), link.recording().awaitMessages(1).get(0));
        }
    }

    @Test
    @Tag("framing")
    void emptyMessageIsDeliveredAndSent() throws Exception {
        try (Loopback loopback = limitedTo(100)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 01 00");
            Hex.expect(link.peer(), "00 00 00 01 00");
        }
    }

    @Test
    @Tag("framing")
    void requestIsAnsweredWithAReplyOfTheSameToken() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0b 01 01 02 03 04 05 06 07 08 68 69");
            Hex.expect(link.peer(), "00 00 00 0b 02 01 02 03 04 05 06 07 08 68 69");
        }
    }

    @Test
    @Tag("framing")
    void emptyRequestWithANegativeTokenIsAnsweredTheSame() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 09 01 ff ff ff ff ff ff ff fe");
            Hex.expect(link.peer(), "00 00 00 09 02 ff ff ff ff ff ff ff fe");
        }
    }

    @Test
    void repliesLeaveInTheOrderInWhichTheyAreGiven() throws Exception {
        List<Reply> replies = new CopyOnWriteArrayList<>();
        try (Loopback loopback = answering((session, request, reply) -> {
            replies.add(reply);
            if (replies.size() == 2) {
                replies.get(1).send(Hex.bytes("bb"));
                replies.get(0).send(Hex.bytes("aa"));
            }
        })) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 09 01 00 00 00 00 00 00 00 01");
            Hex.send(link.peer(), "00 00 00 09 01 00 00 00 00 00 00 00 02");
            Hex.expect(link.peer(), "00 00 00 0a 02 00 00 00 00 00 00 00 02 bb");
            Hex.expect(link.peer(), "00 00 00 0a 02 00 00 00 00 00 00 00 01 aa");
        }
    }

    @Test
    @Tag("framing")
    void throwingHandlerIsAnsweredForWithErrorThreeAndTheSessionLives() throws Exception {
        try (Loopback loopback = answering((session, request, reply) -> {
            throw new IllegalStateException("on purpose");
        })) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0b 01" + TOKEN + "68 69");
            assertEquals("the handler failed", expectFrame(link.peer(), "03" + TOKEN + "00 03"));
            expectAlive(link.peer());
            loopback.log().clear();
        }
    }

    @Test
    void errorThatTheHandlerGivesHasItsCodeAndText() throws Exception {
        try (Loopback loopback = answering((session, request, reply) -> reply.fail(1000, "no"))) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0b 01" + TOKEN + "68 69");
            Hex.expect(link.peer(), "00 00 00 0d 03 01 02 03 04 05 06 07 08 03 e8 6e 6f");
        }
    }

    @Test
    @Tag("framing")
    void requestWhereNoneAreTakenIsAnsweredWithErrorFive() throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.millrace()).start()) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0b 01" + TOKEN + "68 69");
            expectFrame(link.peer(), "03" + TOKEN + "00 05");
            expectAlive(link.peer());
        }
    }

    @Test
    void requestBeyondThoseInProgressIsAnsweredBusyWithoutWaitingForAnything() throws Exception {
        List<Reply> replies = new CopyOnWriteArrayList<>();
        try (Loopback loopback = answering((session, request, reply) -> replies.add(reply))) {
            Link link = loopback.open();
            ByteBuffer requests = ByteBuffer.allocate(13 * 1_025);
            for (long token = 0; token <= 1_024; token++) {
                requests.putInt(9).put((byte) 1).putLong(token);
            }
            link.peer().send(requests.array());
            expectFrame(link.peer(), "03 00 00 00 00 00 00 04 00 00 01");
            assertEquals(1_024, replies.size());
        }
    }

    @Test
    void busyPeerIsServedAgainOnceARequestIsAnswered() throws Exception {
        List<Reply> replies = new CopyOnWriteArrayList<>();
        try (Loopback loopback = answering((session, request, reply) -> replies.add(reply))) {
            Link link = loopback.open();
            ByteBuffer requests = ByteBuffer.allocate(13 * 1_024);
            for (long token = 0; token < 1_024; token++) {
                requests.putInt(9).put((byte) 1).putLong(token);
            }
            link.peer().send(requests.array());
            expectAlive(link.peer());
            replies.get(7).send(Hex.bytes("77"));
            Hex.expect(link.peer(), "00 00 00 0a 02 00 00 00 00 00 00 00 07 77");
            Hex.send(link.peer(), "00 00 00 09 01" + TOKEN);
            expectAlive(link.peer());
            assertEquals(1_025, replies.size());
        }
    }

    @Test
    @Tag("framing")
    void oversizeRequestIsAnsweredTooLargeBeforeItHasArrivedAndTheNextFrameWorks() throws Exception {
        try (Loopback loopback = limitedTo(40)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 32 01" + TOKEN);
            expectFrame(link.peer(), "03" + TOKEN + "00 04");
            Hex.send(link.peer(), "00 00 00");
            Hex.send(link.peer(), "0b 01 07");
            link.peer().send(new byte[32]);
            Hex.send(link.peer(), "07 07 07");
            Hex.send(link.peer(), "00 00 00 0b 01" + TOKEN + "68 69");
            Hex.expect(link.peer(), "00 00 00 0b 02" + TOKEN + "68 69");
        }
    }

    @Test
    void errorIsSentThoughItsTextIsLongerThanTheLimitOnPayloads() throws Exception {
        try (Loopback loopback = limitedTo(4)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0e 01" + TOKEN + "01 02 03 04 05");
            expectFrame(link.peer(), "03" + TOKEN + "00 04");
            expectAlive(link.peer());
        }
    }

    @Test
    void oversizeRequestLargerThanAllMemoryIsDiscardedAsItArrives() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(MillraceProtocol.create().maxPayloadBytes(1_000))
                .answering(ECHO)
                .bufferMemory(1 << 20)
                .start()) {
            Link link = loopback.open();
            int length = 9 + (8 << 20);
            byte[] oversize = ByteBuffer.allocate(4 + length)
                    .putInt(length)
                    .put(Hex.bytes("01" + TOKEN))
                    .array();
            link.peer().send(oversize);
            expectFrame(link.peer(), "03" + TOKEN + "00 04");
            expectAlive(link.peer());
        }
    }

    @Test
    @Tag("framing")
    void oversizeMessageClosesWithProtocol() throws Exception {
        try (Loopback loopback = limitedTo(4)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 06 00 01 02 03 04 05");
            CloseReason reason = endOf(link);
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertInstanceOf(FrameTooLongException.class, reason.cause());
        }
    }

    @Test
    @Tag("framing")
    void pingIsAnsweredWithItsTokenAndPayload() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0b 04 01 02 03 04 05 06 07 08 ab cd");
            Hex.expect(link.peer(), "00 00 00 0b 05 01 02 03 04 05 06 07 08 ab cd");
        }
    }

    @Test
    void pongThatNobodyAskedForIsHarmless() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), PONG);
            expectAlive(link.peer());
        }
    }

    @Test
    void unknownKindsFromSevenToElevenClose() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            for (String kind : List.of("07", "08", "09", "0a", "0b")) {
                Link link = loopback.open();
                Hex.send(link.peer(), "00 00 00 01" + kind);
                assertEquals(Kind.PROTOCOL, endOf(link).kind(), "kind " + kind);
            }
        }
    }

    @Test
    @Tag("framing")
    void unknownKindsFromTwelveToFifteenAreSkipped() throws Exception {
        try (Loopback loopback = limitedTo(100)) {
            Link link = loopback.open();
            for (String kind : List.of("0c", "0d", "0e", "0f")) {
                Hex.send(link.peer(), "00 00 00 03" + kind + "68 69");
            }
            expectAlive(link.peer());
            assertEquals(List.of(), link.recording().messages());
        }
    }

    @Test
    @Tag("framing")
    void unknownVersionIsToldSoAndTheConnectionCloses() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 03 10 68 69");
            expectFrame(link.peer(), "06 00 07 00");
            assertEquals(Kind.PROTOCOL, endOf(link).kind());
        }
    }

    @Test
    void lengthThatHasNoRoomForKindOrTokenCloses() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            for (String frame :
                    List.of("00 00 00 00 00", "ff ff ff ff 00", "00 00 00 08 01" + TOKEN, "00 00 00 01 04")) {
                Link link = loopback.open();
                Hex.send(link.peer(), frame);
                assertEquals(Kind.PROTOCOL, endOf(link).kind(), frame);
            }
        }
    }

    @Test
    @Tag("framing")
    void requestOfOursIsPairedByItsToken() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> first = ask(link);
            CompletableFuture<ByteBuffer> second = ask(link);
            String firstToken = askedWith(link.peer());
            String secondToken = askedWith(link.peer());
            Hex.send(link.peer(), "00 00 00 0a 02" + secondToken + "32");
            Hex.send(link.peer(), "00 00 00 0a 02" + firstToken + "31");
            assertEquals("1", textOf(first));
            assertEquals("2", textOf(second));
        }
    }

    @Test
    void errorReplyFailsTheRequestWithCodeAndText() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link);
            Hex.send(link.peer(), "00 00 00 0f 03" + askedWith(link.peer()) + "00 01 66 75 6c 6c");
            ErrorReplyException error = failureOf(asked, ErrorReplyException.class);
            assertEquals(ErrorCode.BUSY, error.code());
            assertTrue(String.valueOf(error.getMessage()).endsWith("full"), error.getMessage());
            expectAlive(link.peer());
        }
    }

    @Test
    void errorWithoutItsCodeClosesWithProtocol() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 0a 03" + TOKEN + "00");
            assertEquals(Kind.PROTOCOL, endOf(link).kind());
        }
    }

    @Test
    void replyWithATokenThatNobodyWaitsForIsDropped() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link);
            String token = askedWith(link.peer());
            Hex.send(link.peer(), "00 00 00 0a 02" + TOKEN + "58");
            Hex.send(link.peer(), "00 00 00 0b 03" + TOKEN + "00 03");
            Hex.send(link.peer(), "00 00 00 0a 02" + token + "31");
            assertEquals("1", textOf(asked));
        }
    }

    @Test
    void replyAfterTheTimeoutIsDroppedAndTheConnectionLives() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> hasty =
                    link.session().request(ByteBuffer.wrap(Hex.bytes("68 69")), Duration.ofMillis(100));
            String late = askedWith(link.peer());
            failureOf(hasty, RequestTimeoutException.class);
            CompletableFuture<ByteBuffer> next = ask(link);
            String token = askedWith(link.peer());
            Hex.send(link.peer(), "00 00 00 0a 02" + late + "58");
            Hex.send(link.peer(), "00 00 00 0a 02" + token + "31");
            assertEquals("1", textOf(next));
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void requestAfterAGoAwayIsRefusedAndNothingOfItIsSent() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            ask(link);
            askedWith(link.peer());
            Hex.send(link.peer(), GOAWAY);
            expectAlive(link.peer());
            CompletableFuture<ByteBuffer> refused = ask(link);
            assertTrue(refused.isCompletedExceptionally());
            String why =
                    String.valueOf(failureOf(refused, TransportException.class).getMessage());
            assertTrue(why.startsWith("not sent: "), why);
            expectAlive(link.peer());
        }
    }

    @Test
    void goAwayLetsWhatIsInFlightFinishThenCloses() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> inFlight = ask(link);
            String token = askedWith(link.peer());
            Hex.send(link.peer(), GOAWAY);
            expectAlive(link.peer());
            Hex.send(link.peer(), "00 00 00 0a 02" + token + "31");
            assertEquals("1", textOf(inFlight));
            assertEquals(Kind.PEER, endOf(link).kind());
        }
    }

    @Test
    void goAwayWithNothingInFlightClosesAtOnce() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), GOAWAY);
            assertEquals(Kind.PEER, endOf(link).kind());
        }
    }

    @Test
    void goAwayClosesWhenTheLastRequestInFlightTimesOut() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> inFlight =
                    link.session().request(ByteBuffer.wrap(Hex.bytes("68 69")), Duration.ofMillis(300));
            askedWith(link.peer());
            Hex.send(link.peer(), GOAWAY);
            failureOf(inFlight, RequestTimeoutException.class);
            assertEquals(Kind.PEER, endOf(link).kind());
        }
    }

    @Test
    void goAwayClosesWhenTheLastRequestOfThePeerIsAnsweredFromAnotherThread() throws Exception {
        CompletableFuture<Reply> asked = new CompletableFuture<>();
        try (Loopback loopback = answering((session, request, reply) -> asked.complete(reply))) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 09 01" + TOKEN);
            Hex.send(link.peer(), GOAWAY);
            expectAlive(link.peer());
            asked.get(10, TimeUnit.SECONDS).send(Hex.bytes("31"));
            Hex.expect(link.peer(), "00 00 00 0a 02" + TOKEN + "31");
            assertEquals(Kind.PEER, endOf(link).kind());
        }
    }

    @Test
    void goAwayWithoutItsCodeClosesWithProtocol() throws Exception {
        try (Loopback loopback = answering(ECHO)) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00 00 00 03 06 00 02");
            assertEquals(Kind.PROTOCOL, endOf(link).kind());
        }
    }

    @Test
    void requestBeyondOurOwnMaximumIsMisuseAndSendsNothing() throws Exception {
        try (Loopback loopback = limitedTo(4)) {
            Link link = loopback.open();
            assertThrows(IllegalArgumentException.class, () -> link.session().request(ByteBuffer.allocate(5), LONG));
            expectAlive(link.peer());
            // the peer may have the answer before the write that brought it has completed
            await().until(() -> link.session().queuedBytes() == 0);
        }
    }
}
