package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a session ends when its peer ends it. */
@Tag("engine")
class SessionPeerIT {
    private static final MessageHandler IGNORE = (session, message) -> {};

    private static SessionConfig roomForTwentyMiB() {
        return SessionConfig.builder()
                .sendMarks(0, 20 << 20)
                .sendLimit(20 << 20)
                .build();
    }

    @Test
    void peerThatEndsBetweenFramesIsPeer() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().readFrame();
            link.peer().closeOutput();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            link.peer().expectEndOfStream();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 9, 13})
    void peerThatEndsInsideAFrameIsAProtocolError(int bytesOfFrame) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().send(RawPeer.frame(new byte[10]), 0, bytesOfFrame);
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            String whole = bytesOfFrame < 4 ? "" : " of 14";
            assertTrue(reason.detail().contains("after " + bytesOfFrame + whole + " bytes"), reason.detail());
            assertEquals(List.of("onOpen", "onClose"), link.recording().events());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 9})
    void peerThatResetsIsReset(int bytesBefore) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            link.peer().send(RawPeer.frame(new byte[10]), 0, bytesBefore);
            Awaitility.await().until(() -> link.session().stats().bytesReceived() == bytesBefore);
            link.peer().reset();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.RESET, reason.kind());
            assertNotNull(reason.cause());
            assertEquals(List.of("onOpen", "onClose"), link.recording().events());
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
        }
    }

    @Test
    void peerThatEndsItsSideStillGetsAllItsReplies() throws Exception {
        try (Loopback loopback = Loopback.builder().socketBuffers(8 << 10).start()) {
            Link link = loopback.open();
            int frames = 300;
            byte[] all = new byte[frames * 1_004];
            ByteBuffer out = ByteBuffer.wrap(all);
            for (int i = 0; i < frames; i++) {
                out.putInt(1_000).putInt(i).position(out.position() + 996);
            }
            link.peer().sendMeanwhile(all).thenRun(() -> {
                try {
                    link.peer().closeOutput();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            for (int i = 0; i < frames; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
            }
            link.peer().expectEndOfStream();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
        }
    }

    @Test
    void resetWhileLargeWriteIsInFlightGivesEverythingBack() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(roomForTwentyMiB())
                .socketBuffers(16 << 10)
                .handler(IGNORE)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 10; i++) {
                assertTrue(link.session().send(new byte[1 << 20]).isAccepted());
            }
            link.peer().readExactly(10_000);
            link.peer().reset();
            link.recording().awaitClose();
            assertEquals(SendResult.CLOSED, link.session().send(new byte[1]));
            loopback.awaitEnded();
            assertEquals(0, loopback.stats().bufferBytesLeased());
        }
    }

    @Test
    void resetWhileAWriteIsInFlightIsNotTakenForAnEndInGoodOrder() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (Loopback loopback = Loopback.builder()
                    .config(roomForTwentyMiB())
                    .socketBuffers(16 << 10)
                    .handler(IGNORE)
                    .start()) {
                Link link = loopback.open();
                assertTrue(link.session().send(new byte[4 << 20]).isAccepted());
                link.peer().readExactly(10_000);
                link.peer().reset();
                assertEquals(Kind.RESET, link.recording().awaitClose().kind());
            }
        }
    }
}
