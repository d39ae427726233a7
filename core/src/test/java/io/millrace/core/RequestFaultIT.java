package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Requests and replies when handlers throw, frames cannot carry the payload, and room or memory runs out. */
@Tag("engine")
class RequestFaultIT {
    private static final Duration LONG = Duration.ofSeconds(30);

    /** Throws whatever it hears. */
    private static final class Throwing implements ReplyHandler {
        private final CompletableFuture<Object> heard = new CompletableFuture<>();

        @Override
        public void onReply(ByteBuffer reply) {
            heard.complete("reply");
            throw new IllegalStateException("on purpose");
        }

        @Override
        public void onFailure(TransportException failure) {
            heard.complete(failure);
            throw new IllegalStateException("on purpose");
        }
    }

    private static void expectLogged(Loopback loopback, String start) {
        List<String> lines = loopback.log().lines();
        assertEquals(1, lines.size(), lines.toString());
        assertTrue(lines.get(0).startsWith(start), lines.toString());
        loopback.log().clear();
    }

    private static Loopback asking() throws Exception {
        return Loopback.builder().asking().start();
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        return assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS))
                .getCause();
    }

    @Test
    void throwFromOnReplyIsLoggedAndTheNextReplyIsDelivered() throws Exception {
        try (Loopback loopback = asking()) {
            Link link = loopback.open();
            Throwing throwing = new Throwing();
            link.session().request(ByteBuffer.allocate(1), LONG, throwing);
            CompletableFuture<ByteBuffer> next = link.session().request(ByteBuffer.allocate(1), LONG);
            link.peer().readFrame();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            assertEquals(2, next.get(10, TimeUnit.SECONDS).get(0));
            assertEquals("reply", throwing.heard.getNow("nothing"));
            expectLogged(loopback, "WARN onReply threw");
        }
    }

    @Test
    void throwFromOnFailureOfAClosedSessionDoesNotReachTheCaller() throws Exception {
        try (Loopback loopback = asking()) {
            Link link = loopback.open();
            link.session().abort();
            loopback.awaitEnded();
            Throwing throwing = new Throwing();
            link.session().request(ByteBuffer.allocate(1), LONG, throwing);
            assertInstanceOf(SessionClosedException.class, throwing.heard.getNow("nothing"));
            expectLogged(loopback, "WARN onFailure threw");
        }
    }

    @Test
    void throwFromOnFailureOfARequestBeyondTheLimitDoesNotReachTheCaller() throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.seed()).asking().start()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(1), LONG);
            Throwing throwing = new Throwing();
            link.session().request(ByteBuffer.allocate(1), LONG, throwing);
            assertInstanceOf(TransportException.class, throwing.heard.getNow("nothing"));
            expectLogged(loopback, "WARN onFailure threw");
        }
    }

    @Test
    void throwFromOnFailureOfARefusedRequestDoesNotReachTheCaller() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(SessionConfig.builder()
                        .sendMarks(0, 1_000)
                        .sendLimit(1_000)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            Throwing throwing = new Throwing();
            link.session().request(ByteBuffer.allocate(1_000), LONG, throwing);
            assertInstanceOf(TransportException.class, throwing.heard.getNow("nothing"));
            expectLogged(loopback, "WARN onFailure threw");
        }
    }

    @Test
    void throwFromOnFailureToADrainingPeerDoesNotReachTheCaller() throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.millrace()).asking().start()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(0), LONG);
            link.peer().readFrame();
            Hex.send(link.peer(), "00 00 00 04 06 00 02 00");
            Hex.send(link.peer(), "00 00 00 09 04 00 00 00 00 00 00 00 00");
            link.peer().readFrame();
            Throwing throwing = new Throwing();
            link.session().request(ByteBuffer.allocate(1), LONG, throwing);
            assertInstanceOf(TransportException.class, throwing.heard.getNow("nothing"));
            expectLogged(loopback, "WARN onFailure threw");
        }
    }

    @Test
    void throwFromOneOnFailureDoesNotKeepTheEndFromTheOthers() throws Exception {
        try (Loopback loopback = asking()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(1), LONG, new Throwing());
            CompletableFuture<ByteBuffer> other = link.session().request(ByteBuffer.allocate(1), LONG);
            link.peer().readFrame();
            link.peer().reset();
            assertInstanceOf(SessionClosedException.class, failureOf(other));
            loopback.awaitEnded();
            expectLogged(loopback, "WARN onFailure threw");
        }
    }

    @Test
    void requestRefusedForLackOfMemoryNamesBufferMemory() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .bufferMemory(1 << 20)
                .config(SessionConfig.builder()
                        .sendMarks(0, 64 << 20)
                        .sendLimit(64 << 20)
                        .build())
                .start()) {
            Link link = loopback.open();
            Throwable why = failureOf(link.session().request(ByteBuffer.allocate(4 << 20), LONG));
            String message = String.valueOf(
                    assertInstanceOf(TransportException.class, why).getMessage());
            assertTrue(message.contains("bufferMemory") && !message.contains("sendLimit"), message);
        }
    }

    @Test
    void requestRefusedByTheLimitNamesSendLimit() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(SessionConfig.builder()
                        .sendMarks(0, 1_000)
                        .sendLimit(1_000)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            Throwable why = failureOf(link.session().request(ByteBuffer.allocate(1_000), LONG));
            String message = String.valueOf(
                    assertInstanceOf(TransportException.class, why).getMessage());
            assertTrue(message.contains("sendLimit") && !message.contains("bufferMemory"), message);
        }
    }

    /** Takes requests and gives the test their replies, to be given from its own thread. */
    private static final class Replies {
        private final List<Reply> taken = new ArrayList<>();

        synchronized void take(Reply reply) {
            taken.add(reply);
            notifyAll();
        }

        synchronized List<Reply> await(int count) throws InterruptedException {
            long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (taken.size() < count) {
                long leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
                assertTrue(leftMillis > 0, "only " + taken.size() + " requests came");
                wait(leftMillis);
            }
            return List.copyOf(taken);
        }
    }

    @Test
    void keptReplyThatTheFrameCannotCarryIsMisuseOfItsGiverAndMayBeGivenAgain() throws Exception {
        Replies replies = new Replies();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.lines())
                .answering((session, request, reply) -> replies.take(reply))
                .start()) {
            Link link = loopback.open();
            Hex.send(link.peer(), "61 0a 62 0a");
            List<Reply> taken = replies.await(2);
            assertThrows(IllegalArgumentException.class, () -> taken.get(1).send(Hex.bytes("62 0a 62")));
            assertFalse(taken.get(1).isAnswered());
            assertEquals(SendResult.ACCEPTED, taken.get(1).send(Hex.bytes("62")));
            assertEquals(SendResult.ACCEPTED, taken.get(0).send(Hex.bytes("61")));
            Hex.expect(link.peer(), "61 0a 62 0a");
        }
    }

    @Test
    void requestsOfAPeerThatHasHalfClosedAreStillAnswered() throws Exception {
        Replies replies = new Replies();
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> replies.take(reply))
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            link.peer().closeOutput();
            List<Reply> taken = replies.await(2);
            taken.get(1).send(Hex.bytes("0b"));
            taken.get(0).send(Hex.bytes("0a"));
            Hex.expect(link.peer(), "00 00 00 01 0a 00 00 00 01 0b");
            link.peer().expectEndOfStream();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
        }
    }

    @Test
    void handlerThatThrowsWhereErrorsCannotBeSentClosesBehindTheEarlierReplies() throws Exception {
        Replies replies = new Replies();
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> {
                    if (request.get() == 2) {
                        throw new IllegalStateException("on purpose");
                    }
                    replies.take(reply);
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            link.peer().sendFrame((byte) 3);
            List<Reply> taken = replies.await(2);
            taken.get(1).send(Hex.bytes("0c"));
            taken.get(0).send(Hex.bytes("0a"));
            Hex.expect(link.peer(), "00 00 00 01 0a");
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.HANDLER, link.recording().awaitClose().kind());
            expectLogged(loopback, "WARN onRequest threw");
        }
    }

    @Test
    void keptReplyWithoutRoomForAPeerThatHasFinishedDoesNotKeepTheThreadBusy() throws Exception {
        List<Reply> replies = new CopyOnWriteArrayList<>();
        try (Loopback loopback = Loopback.builder()
                .threads(1)
                .answering((session, request, reply) -> replies.add(reply))
                .config(SessionConfig.builder()
                        .sendMarks(0, 1_000)
                        .sendLimit(1_000)
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            link.peer().closeOutput();
            Awaitility.await().until(() -> replies.size() == 2);
            // the end of the stream is seen by then: this one is read by the same thread, later
            Link bystander = loopback.openBystander();
            bystander.peer().sendFrame((byte) 3);
            bystander.peer().readFrame();
            assertEquals(SendResult.ACCEPTED, replies.get(1).send(new byte[900]));
            assertEquals(SendResult.CONGESTED, replies.get(0).send(new byte[8 << 20]));
            bystander.peer().sendFrame((byte) 4);
            assertEquals(4, bystander.peer().readFrame()[0]);
            assertEquals(8 << 20, link.peer().readFrame().length);
            assertEquals(900, link.peer().readFrame().length);
            link.peer().expectEndOfStream();
        }
    }
}
