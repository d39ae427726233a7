package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.SeedProtocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bytes of {@code Protocol.seed()}: little-endian lengths, and eight bytes of numbers before each reply. */
@Tag("engine")
class SeedWireIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String ASK = "02 00 00 00 68 69";

    private static Loopback server(RequestHandler handler) throws Exception {
        return Loopback.builder().protocol(Protocol.seed()).answering(handler).start();
    }

    private static Loopback client(SeedProtocol protocol) throws Exception {
        return Loopback.builder().protocol(protocol).asking().start();
    }

    private static CompletableFuture<ByteBuffer> ask(Link link, Duration timeout) {
        return link.session().request(ByteBuffer.wrap(Hex.bytes("68 69")), timeout);
    }

    private static String hexOf(CompletableFuture<ByteBuffer> reply) throws Exception {
        ByteBuffer bytes = reply.get(10, TimeUnit.SECONDS);
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return Hex.of(copy);
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        return assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS))
                .getCause();
    }

    private static CloseReason endOf(Link link) throws Exception {
        link.peer().expectEndOfStream();
        link.peer().close();
        return link.recording().awaitClose();
    }

    @Test
    @Tag("framing")
    void replyBeginsWithTheNumbersOfTransmissionAndSession() throws Exception {
        try (Loopback loopback = server(RequestHandler.of(request -> request))) {
            Link link = loopback.open();
            Hex.send(link.peer(), "02 00 00 00 68 69");
            Hex.expect(link.peer(), "0a 00 00 00 01 00 00 00 01 00 00 00 68 69");
        }
    }

    @Test
    @Tag("framing")
    void emptyReplyHasItsEightBytesOfNumbers() throws Exception {
        try (Loopback loopback = server((session, request, reply) -> reply.send(new byte[0]))) {
            Link link = loopback.open();
            Hex.send(link.peer(), ASK);
            Hex.expect(link.peer(), "08 00 00 00 01 00 00 00 01 00 00 00");
        }
    }

    @Test
    @Tag("framing")
    void requestsOnOneConnectionAreNumberedOneByOne() throws Exception {
        try (Loopback loopback = server(RequestHandler.of(request -> request))) {
            Link link = loopback.open();
            Hex.send(link.peer(), "01 00 00 00 61 01 00 00 00 62 01 00 00 00 63");
            Hex.expect(link.peer(), "09 00 00 00 01 00 00 00 01 00 00 00 61");
            Hex.expect(link.peer(), "09 00 00 00 02 00 00 00 01 00 00 00 62");
            Hex.expect(link.peer(), "09 00 00 00 03 00 00 00 01 00 00 00 63");
        }
    }

    @Test
    void connectionsCountSessionsAndShareTheNumbersOfTransmissions() throws Exception {
        try (Loopback loopback = server(RequestHandler.of(request -> request))) {
            Link first = loopback.open();
            Link second = loopback.open();
            // Each has drawn a number when it was accepted, and draws a new one after each reply.
            Hex.send(first.peer(), ASK);
            Hex.expect(first.peer(), "0a 00 00 00 01 00 00 00 01 00 00 00 68 69");
            Hex.send(first.peer(), ASK);
            Hex.expect(first.peer(), "0a 00 00 00 03 00 00 00 01 00 00 00 68 69");
            Hex.send(second.peer(), ASK);
            Hex.expect(second.peer(), "0a 00 00 00 02 00 00 00 02 00 00 00 68 69");
            Hex.send(second.peer(), ASK);
            Hex.expect(second.peer(), "0a 00 00 00 05 00 00 00 02 00 00 00 68 69");
            Hex.send(first.peer(), ASK);
            Hex.expect(first.peer(), "0a 00 00 00 04 00 00 00 01 00 00 00 68 69");
        }
    }

    @Test
    void repliesGivenTheWrongWayRoundLeaveInOrderAndNumberedInOrder() throws Exception {
        List<Reply> replies = new CopyOnWriteArrayList<>();
        try (Loopback loopback = server((session, request, reply) -> {
            replies.add(reply);
            if (replies.size() == 2) {
                replies.get(1).send(Hex.bytes("bb"));
                replies.get(0).send(Hex.bytes("aa"));
            }
        })) {
            Link link = loopback.open();
            Hex.send(link.peer(), ASK + ASK);
            Hex.expect(link.peer(), "09 00 00 00 01 00 00 00 01 00 00 00 aa");
            Hex.expect(link.peer(), "09 00 00 00 02 00 00 00 01 00 00 00 bb");
        }
    }

    @Test
    void negativeLengthClosesWithProtocol() throws Exception {
        try (Loopback loopback = server(RequestHandler.of(request -> request))) {
            Link link = loopback.open();
            Hex.send(link.peer(), "ff ff ff ff");
            assertEquals(Kind.PROTOCOL, endOf(link).kind());
        }
    }

    @Test
    @Tag("framing")
    void requestIsALengthAndThePayload() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, LONG);
            Hex.expect(link.peer(), "02 00 00 00 68 69");
            Hex.send(link.peer(), "0a 00 00 00 2a 00 00 00 07 00 00 00 79 6f");
            assertEquals("79 6f", hexOf(asked));
        }
    }

    @Test
    @Tag("framing")
    void replyKeepsItsNumbersForWhoWantsThem() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create().keepingReplyHeader())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "0a 00 00 00 2a 00 00 00 07 00 00 00 79 6f");
            assertEquals("2a 00 00 00 07 00 00 00 79 6f", hexOf(asked));
        }
    }

    @Test
    @Tag("framing")
    void emptyReplyIsEmpty() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "08 00 00 00 2a 00 00 00 07 00 00 00");
            assertEquals("", hexOf(asked));
        }
    }

    @Test
    void longestReplyMayBeLongerThanTheLimitByItsNumbers() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create().maxPayloadBytes(2))) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "0a 00 00 00 2a 00 00 00 07 00 00 00 79 6f");
            assertEquals("79 6f", hexOf(asked));
        }
    }

    @Test
    @Tag("framing")
    void replyWithoutRoomForItsNumbersFailsTheRequestWithProtocol() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "07 00 00 00 2a 00 00 00 07 00 00");
            SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(asked));
            assertEquals(Kind.PROTOCOL, closed.reason().kind());
            assertEquals(Kind.PROTOCOL, endOf(link).kind());
        }
    }

    @Test
    void secondRequestMeanwhileIsRefusedAndSaysWhy() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> first = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            CompletableFuture<ByteBuffer> second = ask(link, LONG);
            assertTrue(second.isCompletedExceptionally());
            String why = String.valueOf(assertInstanceOf(TransportException.class, failureOf(second))
                    .getMessage());
            assertTrue(why.startsWith("not sent: ") && why.contains("limit") && why.contains("1"), why);
            Hex.send(link.peer(), "08 00 00 00 01 00 00 00 01 00 00 00");
            assertEquals("", hexOf(first));
        }
    }

    @Test
    void nextRequestMayFollowTheReply() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            for (int round = 0; round < 3; round++) {
                CompletableFuture<ByteBuffer> asked = ask(link, LONG);
                Hex.expect(link.peer(), ASK);
                Hex.send(link.peer(), "09 00 00 00 01 00 00 00 01 00 00 00 0" + round);
                assertEquals("0" + round, hexOf(asked));
            }
        }
    }

    @Test
    void nextRequestMayBeSentFromTheCompletionOfTheLast() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> both = ask(link, LONG).thenCompose(reply -> ask(link, LONG));
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "08 00 00 00 01 00 00 00 01 00 00 00");
            Hex.expect(link.peer(), ASK);
            Hex.send(link.peer(), "09 00 00 00 01 00 00 00 01 00 00 00 31");
            assertEquals("31", hexOf(both));
        }
    }

    @Test
    void replyOfACancelledRequestIsNotTakenForTheNextOne() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> cancelled = ask(link, LONG);
            Hex.expect(link.peer(), ASK);
            cancelled.cancel(false);
            assertInstanceOf(TransportException.class, failureOf(ask(link, LONG)));
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void timeoutClosesTheConnectionAtOnce() throws Exception {
        try (Loopback loopback = client(SeedProtocol.create())) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> asked = ask(link, Duration.ofMillis(100));
            Hex.expect(link.peer(), ASK);
            assertInstanceOf(RequestTimeoutException.class, failureOf(asked));
            assertEquals(Kind.TIMEOUT, endOf(link).kind());
        }
    }
}
