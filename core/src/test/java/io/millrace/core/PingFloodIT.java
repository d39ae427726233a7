package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Peers that ping more than it takes to know that somebody is there. */
class PingFloodIT {
    private static final int PING_BYTES = 13;
    private static final int BURST = 10 * HeartbeatConfig.DEFAULT_MAX_PINGS_PER_SECOND;

    private final ManualClock clock = new ManualClock();

    private static byte[] pings(int count) {
        ByteBuffer all = ByteBuffer.allocate(count * PING_BYTES);
        for (int i = 0; i < count; i++) {
            all.putInt(9).put((byte) 4).putLong(i);
        }
        return all.array();
    }

    private static void expectPongs(RawPeer peer, int count) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(peer.readExactly(count * PING_BYTES));
        for (int i = 0; i < count; i++) {
            assertEquals(9, all.getInt());
            assertEquals(5, all.get());
            assertEquals(i, all.getLong());
        }
    }

    private static byte[] message(byte payload) {
        return new byte[] {0, 0, 0, 2, 0, payload};
    }

    private static void expectWorks(Link link) throws IOException {
        link.peer().send(message((byte) 7));
        assertArrayEquals(message((byte) 7), link.peer().readExactly(6));
    }

    private Loopback.Builder standing() {
        return Loopback.builder().protocol(Protocol.millrace()).clock(clock);
    }

    private static Loopback.Builder limitedTo(Loopback.Builder builder, int pingsPerSecond) {
        HeartbeatConfig config = HeartbeatConfig.off().maxPingsPerSecond(pingsPerSecond);
        return builder.config(SessionConfig.builder().heartbeat(config).build());
    }

    @Test
    void floodIsAnsweredUpToTheLimitAndThenClosedWithTheCode() throws Exception {
        try (Loopback loopback = standing().start()) {
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            link.peer().send(pings(BURST + 400));
            expectPongs(link.peer(), BURST);
            ByteBuffer goAway = ByteBuffer.wrap(link.peer().readFrame());
            assertEquals(6, goAway.get());
            assertEquals(ErrorCode.TOO_MANY_PINGS, goAway.getShort());
            goAway.get();
            String text = StandardCharsets.UTF_8.decode(goAway).toString();
            link.peer().expectEndOfStream();
            link.peer().close();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertEquals(text, reason.detail());
            assertTrue(text.contains("maxPingsPerSecond"), text);
            expectWorks(bystander);
        }
    }

    @Test
    void burstThatIsForgottenInTenSecondsIsNoFlood() throws Exception {
        try (Loopback loopback = standing().start()) {
            Link link = loopback.open();
            for (int round = 0; round < 3; round++) {
                link.peer().send(pings(BURST));
                expectPongs(link.peer(), BURST);
                clock.advance(Duration.ofSeconds(10));
            }
            expectWorks(link);
        }
    }

    @Test
    void pingWithEveryMessageIsNoFlood() throws Exception {
        try (Loopback loopback = standing().start()) {
            Link link = loopback.open();
            for (int i = 0; i < 3 * BURST; i++) {
                link.peer().send(pings(1));
                link.peer().send(message((byte) i));
            }
            link.peer().readExactly(3 * BURST * (PING_BYTES + 6));
            assertNull(link.session().closeReason());
        }
    }

    @Test
    void limitCanBeTakenAway() throws Exception {
        try (Loopback loopback = limitedTo(standing(), 0).start()) {
            Link link = loopback.open();
            link.peer().send(pings(20 * BURST));
            expectPongs(link.peer(), 20 * BURST);
            expectWorks(link);
        }
    }

    @Test
    void peerThatPingsAndNeverReadsGrowsNothing() throws Exception {
        int mark = 32 << 10;
        SessionConfig config = SessionConfig.builder()
                .heartbeat(HeartbeatConfig.off().maxPingsPerSecond(0))
                .sendMarks(mark / 2, mark)
                .sendLimit(mark)
                .build();
        // The clock is moved while callbacks run, so for the watchdog they would take for ever.
        try (Loopback loopback = standing()
                .blockedThreadTimeout(Duration.ZERO)
                .socketBuffers(8 << 10)
                .config(config)
                .start()) {
            Link link = loopback.open();
            byte[] flood = pings(20_000);
            link.peer().sendMeanwhile(flood);
            await().until(() -> link.session().queuedBytes() > mark / 2);
            // The mark and what control frames have on top of it.
            long bound = mark + (16 << 10);
            expectWorks(loopback.openBystander());
            assertTrue(
                    link.session().queuedBytes() < bound,
                    "queued " + link.session().queuedBytes());
            assertTrue(link.session().stats().bytesReceived() < flood.length, "all was taken in");
            // What is under way in the system may still move while the clock does.
            long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (link.session().isOpen() && System.nanoTime() - endNanos < 0) {
                assertTrue(link.session().queuedBytes() < bound);
                clock.advance(Duration.ofSeconds(1));
            }
            assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
        }
    }
}
