package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Replies that nobody asked for, came twice or too late, and tokens that begin anew. */
@Tag("engine")
class RequestTokensIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final byte REPLY = 2;
    private static final byte ERROR = 3;

    private final List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
    private final List<Long> tokens = new ArrayList<>();

    private static Loopback.Builder from(long firstToken) {
        return Loopback.builder()
                .protocol(MillraceProtocol.create().firstToken(firstToken))
                .asking();
    }

    /** Asks, and has the peer take it in. */
    private void ask(Link link, Duration timeout) throws IOException {
        ByteBuffer number = ByteBuffer.allocate(Integer.BYTES).putInt(0, replies.size());
        replies.add(link.session().request(number, timeout));
        ByteBuffer frame = ByteBuffer.wrap(link.peer().readFrame());
        assertEquals(1, frame.get());
        tokens.add(frame.getLong());
        assertEquals(replies.size() - 1, frame.getInt());
    }

    private static void answer(RawPeer peer, byte kind, long token, int value) throws IOException {
        peer.sendFrame(
                ByteBuffer.allocate(13).put(kind).putLong(token).putInt(value).array());
    }

    private void answer(Link link, int index) throws IOException {
        answer(link.peer(), REPLY, tokens.get(index), 100 + index);
    }

    private void expectOwnReply(int index) throws Exception {
        assertEquals(100 + index, replies.get(index).get(10, TimeUnit.SECONDS).getInt(0));
    }

    private static void awaitLate(Link link, int count) {
        await().until(() -> link.session().stats().lateReplies() == count);
    }

    @Test
    void unknownAndDuplicateRepliesAreDroppedAndCountedWhileTokensWrapAroundWithOldOnesInFlight() throws Exception {
        try (Loopback loopback = from(Long.MAX_VALUE - 1).start()) {
            Link link = loopback.open();
            for (int i = 0; i < 4; i++) {
                ask(link, LONG);
            }
            assertEquals(List.of(Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1), tokens);
            for (long unknown : new long[] {0, -1, Long.MAX_VALUE - 2, Long.MIN_VALUE + 2}) {
                answer(link.peer(), REPLY, unknown, 7);
                answer(link.peer(), ERROR, unknown, 7);
            }
            awaitLate(link, 8);
            assertEquals(4, link.session().pendingRequests());
            for (int i = 3; i >= 0; i--) {
                answer(link, i);
                answer(link, i);
                expectOwnReply(i);
            }
            awaitLate(link, 12);
            assertEquals(0, link.session().pendingRequests());
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void tokensPassMinusOneAndNothingLikeAnyOthers() throws Exception {
        try (Loopback loopback = from(-2).start()) {
            Link link = loopback.open();
            for (int i = 0; i < 4; i++) {
                ask(link, LONG);
            }
            assertEquals(List.of(-2L, -1L, 0L, 1L), tokens);
            for (int i : new int[] {2, 1, 3, 0}) {
                answer(link, i);
                expectOwnReply(i);
            }
            assertEquals(0, link.session().stats().lateReplies());
        }
    }

    @Test
    void replyThatIsLateOrToACancelledRequestIsCountedAndTheNextRequestIsUntouched() throws Exception {
        ManualClock clock = new ManualClock();
        try (Loopback loopback = from(5).clock(clock).start()) {
            Link link = loopback.open();
            ask(link, Duration.ofSeconds(1));
            ask(link, LONG);
            ask(link, LONG);
            clock.advance(Duration.ofMillis(1_050));
            ExecutionException late =
                    assertThrows(ExecutionException.class, () -> replies.get(0).get(10, TimeUnit.SECONDS));
            assertTrue(assertInstanceOf(RequestTimeoutException.class, late.getCause())
                    .maybeSent());
            assertTrue(replies.get(1).cancel(false));
            assertEquals(1, link.session().pendingRequests());
            answer(link, 0);
            answer(link, 1);
            awaitLate(link, 2);
            assertFalse(replies.get(2).isDone());
            answer(link, 2);
            expectOwnReply(2);
            assertEquals(0, link.session().pendingRequests());
        }
    }

    @Test
    void tokensOfSessionsDifferUnlessAFirstOneIsGiven() {
        MillraceProtocol protocol = MillraceProtocol.create();
        assertTrue(protocol.firstToken() != protocol.firstToken());
        assertEquals(3, protocol.firstToken(3).maxPayloadBytes(10).firstToken());
        assertEquals(
                "millrace(maxPayloadBytes=10, firstToken=3)",
                protocol.maxPayloadBytes(10).firstToken(3).toString());
    }
}
