package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a send is answered, and what happens at the limits. */
@Tag("engine")
class SessionOverflowIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static SessionConfigBuilder marks(int low, int high, int limit) {
        return SessionConfig.builder().sendMarks(low, high).sendLimit(limit);
    }

    @Test
    void congestedIsAnsweredAboveTheHighMarkAndRefusedAtTheLimit() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(marks(0, 16 * KIB, 32 * KIB)
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .handler((session, message) -> {
                    List<SendResult> answers = new ArrayList<>();
                    for (int i = 0; i < 5; i++) {
                        answers.add(session.send(new byte[8 * KIB]));
                    }
                    assertEquals(
                            List.of(
                                    SendResult.ACCEPTED,
                                    SendResult.CONGESTED,
                                    SendResult.CONGESTED,
                                    SendResult.REFUSED,
                                    SendResult.REFUSED),
                            answers);
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < 3; i++) {
                assertEquals(8 * KIB, link.peer().readFrame().length);
            }
            link.peer().sendFrame((byte) 1);
            assertEquals(8 * KIB, link.peer().readFrame().length);
        }
    }

    @Test
    void messageOfAnySizeIsAcceptedBelowTheHighMark() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(marks(0, 1 * KIB, 2 * KIB).build())
                .handler(IGNORE)
                .start()) {
            Link link = loopback.open();
            assertEquals(SendResult.CONGESTED, link.session().send(new byte[3 * MIB]));
            assertEquals(3 * MIB, link.peer().readFrame().length);
        }
    }

    private static MessageHandler overflowing() {
        return (session, message) -> {
            while (session.send(new byte[8 * KIB]).isAccepted()) {
                // until the limit
            }
        };
    }

    private static Loopback withPolicy(SendOverflowPolicy policy, MessageHandler handler) throws Exception {
        return Loopback.builder()
                .config(marks(0, 16 * KIB, 32 * KIB).sendOverflow(policy).build())
                .handler(handler)
                .socketBuffers(8 * KIB)
                .start();
    }

    @Test
    void refusalInItsOwnCallbackClosesTheSessionByDefault() throws Exception {
        try (Loopback loopback = withPolicy(SendOverflowPolicy.REFUSE_OR_CLOSE_OWN, overflowing())) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.STALLED, reason.kind());
            assertTrue(reason.detail().contains("the send queue is full"), reason.detail());
        }
    }

    @Test
    void refusalElsewhereLeavesTheSessionOpenByDefault() throws Exception {
        try (Loopback loopback = withPolicy(SendOverflowPolicy.REFUSE_OR_CLOSE_OWN, IGNORE)) {
            Link link = loopback.open();
            overflowing().onMessage(link.session(), ByteBuffer.allocate(0));
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void refusalClosesNothingIfThePolicyIsRefuse() throws Exception {
        try (Loopback loopback = withPolicy(SendOverflowPolicy.REFUSE, overflowing())) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.recording().awaitMessages(1);
            assertEquals(8 * KIB, link.peer().readFrame().length);
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void refusalClosesWhoeverSendsIfThePolicyIsClose() throws Exception {
        try (Loopback loopback = withPolicy(SendOverflowPolicy.CLOSE, IGNORE)) {
            Link link = loopback.open();
            overflowing().onMessage(link.session(), ByteBuffer.allocate(0));
            assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
        }
    }

    @Test
    void exhaustedPoolRefusesAndLeavesTheSessionWorking() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(4 * MIB)
                .config(marks(0, 64 * MIB, 64 * MIB).build())
                .handler(IGNORE)
                .start()) {
            Link link = loopback.open();
            assertEquals(SendResult.REFUSED, link.session().send(new byte[8 * MIB]));
            assertEquals(0, link.session().queuedBytes());
            assertEquals(SendResult.ACCEPTED, link.session().send(new byte[] {5}));
            assertEquals(5, link.peer().readFrame()[0]);
        }
    }

    @Test
    void messageBeyondTheLimitOfTheProtocolIsRefusedByName() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(PrefixHandler.int32().maxPayloadBytes(100))
                .start()) {
            Link link = loopback.open();
            assertThrows(IllegalArgumentException.class, () -> link.session().send(new byte[101]));
            link.peer().sendFrame(new byte[100]);
            assertEquals(100, link.peer().readFrame().length);
        }
    }

    @Test
    void requestThatIsRefusedClosesTheSessionIfThePolicyIsClose() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .asking()
                .config(marks(0, 1 * KIB, 2 * KIB)
                        .sendOverflow(SendOverflowPolicy.CLOSE)
                        .build())
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            link.session().request(ByteBuffer.allocate(8 * MIB), Duration.ofSeconds(30));
            link.session().request(ByteBuffer.allocate(1 * MIB), Duration.ofSeconds(30));
            assertEquals(
                    Kind.STALLED,
                    link.session().closeReason() == null
                            ? null
                            : link.recording().awaitClose().kind());
        }
    }
}
