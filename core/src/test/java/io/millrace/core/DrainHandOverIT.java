package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions that drain while requests that have arrived wait for the application's executor. */
@Tag("engine")
class DrainHandOverIT {
    private static final CloseReason WHY = CloseReason.of(Kind.SHUTDOWN, "going");

    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch leave = new CountDownLatch(1);

    @AfterEach
    void end() {
        leave.countDown();
        executor.shutdown();
    }

    private Loopback.Builder inOrder() {
        return Loopback.builder()
                .protocol(Protocol.lengthPrefixed())
                .executor(executor)
                .answering((session, request, reply) -> {
                    entered.countDown();
                    leave.await(20, TimeUnit.SECONDS);
                    reply.send(request);
                });
    }

    @Test
    void lastRequestOfAConnectionIsAnsweredByAHandlerOnAnExecutorToo() throws Exception {
        leave.countDown();
        SessionConfig once = SessionConfig.builder().requestLimit(1).build();
        try (Loopback loopback = inOrder().config(once).start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 'A');
            assertEquals('A', link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
    }

    @Test
    void sessionWhosePeerHasDrainedEndsAndLeavesItsThreadAlone() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .threads(1)
                .protocol(Protocol.millrace())
                .executor(executor)
                .start()) {
            Link link = loopback.open();
            Hex.send(link.peer(), "00000004 06 0002 00");
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            loopback.awaitEnded();
            // The only thread of the group has time for others.
            Link other = loopback.open();
            Hex.send(other.peer(), "00000002 00 41");
            assertArrayEquals(new byte[] {0, 'A'}, other.peer().readFrame());
        }
    }

    @Test
    void requestsThatWaitForTheExecutorAreAnsweredBeforeTheOneThatIsRefused() throws Exception {
        try (Loopback loopback = inOrder()
                .errorEncoder((code, text) -> ByteBuffer.wrap(new byte[] {'E'}))
                .start()) {
            Link link = loopback.open();
            link.peer().send(Hex.bytes("00000001 41 00000001 42"));
            assertTrue(entered.await(20, TimeUnit.SECONDS));
            link.session().drain(WHY);
            link.peer().sendFrame((byte) 'C');
            await().until(() -> link.session().stats().messagesReceived() == 3);
            leave.countDown();
            assertEquals('A', link.peer().readFrame()[0]);
            assertEquals('B', link.peer().readFrame()[0]);
            assertEquals('E', link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }

    @Test
    void requestsThatWaitForTheExecutorAreAnsweredBeforeARefusalClosesTheSession() throws Exception {
        try (Loopback loopback = inOrder().start()) {
            Link link = loopback.open();
            link.peer().send(Hex.bytes("00000001 41 00000001 42"));
            assertTrue(entered.await(20, TimeUnit.SECONDS));
            link.session().drain(WHY);
            link.peer().sendFrame((byte) 'C');
            await().until(() -> link.session().stats().messagesReceived() == 3);
            leave.countDown();
            assertEquals('A', link.peer().readFrame()[0]);
            assertEquals('B', link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(WHY, link.recording().awaitClose());
        }
    }
}
