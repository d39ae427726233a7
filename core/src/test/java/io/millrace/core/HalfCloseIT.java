package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** C08: one side ends its half of the connection, the other goes on. */
@Tag("engine")
@NetworkTest
class HalfCloseIT {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();
    private static final SessionConfig HALF = ROOMY.toBuilder().halfClose(true).build();

    /** Notes when the peer has ended, and sends nothing by itself. */
    private static final class Ends implements MessageHandler {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            // recorded by the kit
        }

        @Override
        public void onInputEnd(Session session) {
            count.incrementAndGet();
            ended.countDown();
        }
    }

    @Permutation.Each
    void outputEndsBehindTenMiBAndThePeerCanStillReply(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler((session, message) -> {})
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            link.session().send(new byte[10 * MIB]);
            link.session().shutdownOutput();
            link.session().shutdownOutput();
            assertEquals(SendResult.CLOSED, link.session().send(new byte[1]));
            link.peer().sendFrame((byte) 1);
            link.recording().awaitMessages(1);
            assertEquals(10 * MIB, link.peer().readFrame().length);
            link.peer().expectEndOfStream();
            assertTrue(link.session().isOpen());
            link.peer().sendFrame((byte) 2);
            assertArrayEquals(new byte[] {2}, link.recording().awaitMessages(2).get(1));
            link.peer().closeOutput();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
        }
    }

    @Test
    void peerEndsFirstAndTheSessionGoesOnUntilItCloses() throws Exception {
        Ends ends = new Ends();
        try (Loopback loopback = Loopback.builder().config(HALF).handler(ends).start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().closeOutput();
            assertTrue(ends.ended.await(10, TimeUnit.SECONDS));
            for (int i = 0; i < 20; i++) {
                assertTrue(link.session().send(new byte[] {(byte) i}).isAccepted());
                assertEquals(i, link.peer().readFrame()[0]);
            }
            assertTrue(link.session().isOpen());
            link.session().close();
            link.peer().expectEndOfStream();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
            assertEquals(
                    List.of("onOpen", "onMessage", "onInputEnd", "onClose"),
                    link.recording().events());
        }
    }

    @Test
    void bothSidesEndTheirHalvesInWhateverOrder() throws Exception {
        for (int order = 0; order < 3; order++) {
            Ends ends = new Ends();
            try (Loopback loopback =
                    Loopback.builder().config(HALF).handler(ends).start()) {
                Link link = loopback.open();
                if (order == 0) {
                    link.peer().closeOutput();
                    assertTrue(ends.ended.await(10, TimeUnit.SECONDS));
                    link.session().shutdownOutput();
                } else if (order == 1) {
                    link.session().shutdownOutput();
                    link.peer().expectEndOfStream();
                    link.peer().closeOutput();
                } else {
                    link.session().send(new byte[MIB]);
                    link.session().shutdownOutput();
                    link.peer().closeOutput();
                    assertEquals(MIB, link.peer().readFrame().length);
                }
                link.peer().expectEndOfStream();
                assertEquals(Kind.PEER, link.recording().awaitClose().kind());
                assertTrue(ends.count.get() <= 1);
            }
        }
    }

    @Test
    void peerThatResetsAfterItsEndIsNoticedByWriting() throws Exception {
        Ends ends = new Ends();
        try (Loopback loopback = Loopback.builder()
                .config(HALF)
                .handler(ends)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            link.peer().closeOutput();
            assertTrue(ends.ended.await(10, TimeUnit.SECONDS));
            link.session().send(new byte[4 * MIB]);
            link.peer().readExactly(1_000);
            link.peer().reset();
            assertEquals(Kind.RESET, link.recording().awaitClose().kind());
        }
    }

    @Test
    void endInsideAFrameClosesTheSessionAllTheSame() throws Exception {
        try (Loopback loopback =
                Loopback.builder().config(HALF).handler(new Ends()).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 9, 1});
            link.peer().closeOutput();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
        }
    }

    @Test
    void withoutTheSettingThePeersEndEndsTheSession() throws Exception {
        Ends ends = new Ends();
        try (Loopback loopback = Loopback.builder().config(ROOMY).handler(ends).start()) {
            Link link = loopback.open();
            link.session().send(new byte[MIB]);
            link.peer().closeOutput();
            assertEquals(MIB, link.peer().readFrame().length);
            link.peer().expectEndOfStream();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            assertEquals(0, ends.count.get());
        }
    }
}
