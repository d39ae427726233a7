package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A connection that is lost with requests answered, read, half read, on their way and still queued. */
@Tag("engine")
@NetworkTest
class LostConnectionIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final int REQUESTS = 150;
    private static final int HEADER_BYTES = 4 + 1 + 8;
    private static final int FRAME_BYTES = 64 << 10;
    private static final int READ = 8;
    private static final Set<Integer> ANSWERED = Set.of(1, 4, 7);

    @Test
    void exactlyTheRequestsInFlightFailAndEachKnowsWhetherAnyOfItWasSent(Seed seed) throws Exception {
        Random random = seed.random("bytes read");
        for (int round = 0; round < 5; round++) {
            loseAfter(random.nextInt(4 * FRAME_BYTES));
        }
    }

    private static void loseAfter(int furtherBytes) throws Exception {
        SessionConfig roomy = SessionConfig.builder()
                .sendLimit(32 << 20)
                .sendMarks(0, 32 << 20)
                .build();
        try (Loopback loopback = Loopback.builder()
                .protocol(MillraceProtocol.create().firstToken(0))
                .asking()
                .config(roomy)
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                replies.add(link.session().request(ByteBuffer.allocate(FRAME_BYTES - HEADER_BYTES), LONG));
            }
            link.peer().readExactly(READ * FRAME_BYTES);
            for (int token : ANSWERED) {
                link.peer()
                        .sendFrame(ByteBuffer.allocate(9)
                                .put((byte) 2)
                                .putLong(token)
                                .array());
                assertEquals(0, replies.get(token).get(10, TimeUnit.SECONDS).remaining());
            }
            link.peer().readExactly(furtherBytes);
            link.peer().reset();
            assertEquals(CloseReason.Kind.RESET, link.recording().awaitClose().kind());
            expectOutcomes(link, replies, READ * FRAME_BYTES + furtherBytes);
        }
    }

    private static void expectOutcomes(Link link, List<CompletableFuture<ByteBuffer>> replies, long received) {
        long sent = link.session().stats().bytesSent();
        assertTrue(received <= sent && sent < (long) REQUESTS * FRAME_BYTES, sent + " of all is on its way");
        for (int i = 0; i < REQUESTS; i++) {
            CompletableFuture<ByteBuffer> reply = replies.get(i);
            assertEquals(!ANSWERED.contains(i), reply.isCompletedExceptionally(), "request " + i);
            if (reply.isCompletedExceptionally()) {
                Throwable failure =
                        assertThrows(ExecutionException.class, reply::get).getCause();
                SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failure);
                // A reset that fails the write in flight looks to the read like a good end. Then what is queued may
                // still
                // be sent for all that is known when the requests fail, so none of it may be called unsent.
                boolean known = closed.reason().kind() == CloseReason.Kind.RESET;
                boolean expected = !known || (long) i * FRAME_BYTES < sent;
                assertEquals(expected, closed.maybeSent(), "request " + i + ": " + closed);
            }
        }
        assertEquals(0, link.session().pendingRequests());
    }
}
