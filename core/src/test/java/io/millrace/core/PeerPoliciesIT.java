package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a request fails with, by what its peer does instead of answering: no two of these look the same. */
@Tag("engine")
class PeerPoliciesIT {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration A_LITTLE_LONGER = SHORT.plusMillis(50);
    private static final String HALF_A_REPLY = "0000000d 02 0000000000000007 0102";

    private final ManualClock clock = new ManualClock();

    /** What the peer does with a connection that it has accepted, and maybe with the request that it has read. */
    private interface Policy {
        void apply(Link link) throws Exception;
    }

    private Loopback start(SessionConfig config) throws Exception {
        return Loopback.builder()
                .protocol(MillraceProtocol.create().firstToken(7))
                .asking()
                .clock(clock)
                .config(config)
                .start();
    }

    private static TransportException failure(CompletableFuture<ByteBuffer> reply) {
        Throwable failure = assertThrows(ExecutionException.class, () -> reply.get(10, TimeUnit.SECONDS))
                .getCause();
        return assertInstanceOf(TransportException.class, failure);
    }

    private static CompletableFuture<ByteBuffer> ask(Link link, Duration timeout) {
        return link.session().request(ByteBuffer.allocate(4), timeout);
    }

    private TransportException atStart(Policy policy) throws Exception {
        try (Loopback loopback = start(SessionConfig.defaults())) {
            Link link = loopback.open();
            policy.apply(link);
            link.recording().awaitClose();
            return failure(ask(link, LONG));
        }
    }

    private TransportException afterRequest(Duration timeout, SessionConfig config, Policy policy) throws Exception {
        try (Loopback loopback = start(config)) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> reply = ask(link, timeout);
            link.peer().readFrame();
            policy.apply(link);
            return failure(reply);
        }
    }

    private TransportException afterRequest(Policy policy) throws Exception {
        return afterRequest(LONG, SessionConfig.defaults(), policy);
    }

    private static void expectClosed(Kind kind, boolean maybeSent, String detail, TransportException failure) {
        SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failure);
        assertEquals(kind, closed.reason().kind(), closed.toString());
        assertEquals(maybeSent, closed.maybeSent(), closed.toString());
        assertTrue(closed.reason().detail().contains(detail), closed.toString());
    }

    @Test
    void peerThatDisconnectsAtTheStart() throws Exception {
        expectClosed(Kind.PEER, false, "the peer closed the connection", atStart(link -> link.peer()
                .close()));
    }

    @Test
    void peerThatResetsAtTheStart() throws Exception {
        expectClosed(Kind.RESET, false, "the connection broke", atStart(link -> link.peer()
                .reset()));
    }

    @Test
    void peerThatDisconnectsAfterTheRequest() throws Exception {
        expectClosed(Kind.PEER, true, "the peer closed the connection", afterRequest(link -> link.peer()
                .close()));
    }

    @Test
    void peerThatResetsAfterTheRequest() throws Exception {
        expectClosed(Kind.RESET, true, "the connection broke", afterRequest(link -> link.peer()
                .reset()));
    }

    @Test
    void peerThatDisconnectsInsideTheReply() throws Exception {
        expectClosed(Kind.PROTOCOL, true, "inside a frame", afterRequest(link -> {
            Hex.send(link.peer(), HALF_A_REPLY);
            link.peer().close();
        }));
    }

    @Test
    void peerThatResetsInsideTheReply() throws Exception {
        expectClosed(Kind.RESET, true, "the connection broke", afterRequest(link -> {
            Hex.send(link.peer(), HALF_A_REPLY);
            await().until(() -> link.session().stats().bytesReceived() > 0);
            link.peer().reset();
        }));
    }

    @Test
    void peerThatStallsInsideTheReply() throws Exception {
        SessionConfig config = SessionConfig.builder().frameTimeout(SHORT).build();
        expectClosed(Kind.TIMEOUT, true, "a frame is not complete", afterRequest(LONG, config, link -> {
            Hex.send(link.peer(), HALF_A_REPLY);
            await().until(() -> link.session().stats().bytesReceived() > 0);
            CompletableFuture<Void> noted = new CompletableFuture<>();
            link.session().execute(() -> noted.complete(null));
            noted.get(10, TimeUnit.SECONDS);
            await().until(() -> {
                clock.advance(A_LITTLE_LONGER);
                return !link.session().isOpen();
            });
        }));
    }

    @Test
    void peerThatSendsSomethingElse() throws Exception {
        expectClosed(
                Kind.PROTOCOL,
                true,
                "unknown kind of frame 7",
                afterRequest(link -> Hex.send(link.peer(), "00000001 07")));
    }

    @Test
    void peerThatNeverReplies() throws Exception {
        TransportException failure = afterRequest(SHORT, SessionConfig.defaults(), link -> {
            clock.advance(A_LITTLE_LONGER);
            await().until(() -> link.session().pendingRequests() == 0);
            assertTrue(link.session().isOpen(), "others may still be answered");
        });
        assertTrue(assertInstanceOf(RequestTimeoutException.class, failure).maybeSent());
    }

    @Test
    void peerThatDoesNotRead() throws Exception {
        SessionConfig config = SessionConfig.builder()
                .writeProgressTimeout(Duration.ofSeconds(5))
                .build();
        TransportException failure;
        try (Loopback loopback = Loopback.builder()
                .protocol(MillraceProtocol.create())
                .asking()
                .clock(clock)
                .config(config)
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<ByteBuffer> reply = link.session().request(ByteBuffer.allocate(8 << 20), LONG);
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).until(() -> {
                clock.advance(Duration.ofMillis(500));
                return reply.isDone();
            });
            failure = failure(reply);
        }
        expectClosed(Kind.STALLED, true, "the peer has read nothing for 5000 ms", failure);
    }

    @Test
    void peerThatAnswersWithAnErrorSaysWhetherItHasBegun() throws Exception {
        for (int code : new int[] {ErrorCode.BUSY, ErrorCode.DRAINING, ErrorCode.HANDLER, 1_000}) {
            TransportException failure =
                    afterRequest(link -> Hex.send(link.peer(), "0000000b 03 0000000000000007 %04x".formatted(code)));
            ErrorReplyException error = assertInstanceOf(ErrorReplyException.class, failure);
            assertEquals(code, error.code());
            assertEquals(code != ErrorCode.BUSY && code != ErrorCode.DRAINING, error.maybeSent());
        }
    }

    @Test
    void failuresThatKnowOfNothingBetterMayHaveBeenSent() {
        assertTrue(new TransportException("on purpose").maybeSent());
        assertFalse(new NotSentException("on purpose").maybeSent());
        assertFalse(new RequestTimeoutException("on purpose", false).maybeSent());
    }
}
