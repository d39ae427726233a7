package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Heartbeats of a session, on a clock that stands still until the test moves it. */
class HeartbeatIT {
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration TICK = Duration.ofMillis(20);
    private static final int PING = 4;
    private static final int PONG = 5;

    private final ManualClock clock = new ManualClock();
    private long lastPing;

    private Loopback.Builder with(Protocol protocol) {
        return with(protocol, 1);
    }

    private Loopback.Builder with(Protocol protocol, int maxMissed) {
        HeartbeatConfig heartbeat =
                HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT).maxMissed(maxMissed);
        return Loopback.builder()
                .clock(clock)
                .protocol(protocol)
                .config(SessionConfig.builder().heartbeat(heartbeat).build());
    }

    private static long expectPing(RawPeer peer) throws IOException {
        ByteBuffer frame = ByteBuffer.wrap(peer.readExactly(13));
        assertEquals(9, frame.getInt());
        assertEquals(PING, frame.get());
        return frame.getLong();
    }

    private static void answer(RawPeer peer, long token) throws IOException {
        peer.send(ByteBuffer.allocate(13)
                .putInt(9)
                .put((byte) PONG)
                .putLong(token)
                .array());
    }

    private static byte[] message(String text) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(5 + bytes.length)
                .putInt(1 + bytes.length)
                .put((byte) 0)
                .put(bytes)
                .array();
    }

    /** Waits until everything that the session has been told so far has been dealt with. */
    private static void settle(Link link) throws Exception {
        // A task runs before the deadlines that are due in the same step, but not in the same step as one before it.
        runTask(link);
        runTask(link);
        // What was sent leaves in real time: a ping that is still here when time goes on would be excused. Behind more
        // than pings it may be here for good.
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        long queued;
        while ((queued = link.session().queuedBytes()) > 0 && queued < 100 && System.nanoTime() - giveUp < 0) {
            Thread.onSpinWait();
        }
    }

    private static void runTask(Link link) throws Exception {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        try {
            link.session().execute(() -> turn.complete(null));
            turn.get(10, TimeUnit.SECONDS);
        } catch (RejectedExecutionException ended) {
            // nothing more will happen to it
        }
    }

    /** Lets time pass as it does: a jump would be taken for a process that was stopped, and forgiven. */
    private void pass(Link link, Duration time) throws Exception {
        Duration step = Duration.ofMillis(500);
        Duration left = time;
        while (left.compareTo(step) > 0) {
            clock.advance(step);
            settle(link);
            left = left.minus(step);
        }
        clock.advance(left);
        settle(link);
    }

    @Test
    void silenceIsAnsweredWithAPingAndTheAnswerMeasuresTheRoundTrip() throws Exception {
        try (Loopback loopback = with(Protocol.millrace()).start()) {
            Link link = loopback.open();
            settle(link);
            assertNull(link.session().roundTrip());
            answer(link.peer(), 0);
            await().until(() -> link.session().stats().bytesReceived() == 13);
            settle(link);
            assertEquals(roundTrip(80, 80, 80), measure(link, 80));
            // The same answer once more says nothing new, however late it is.
            pass(link, Duration.ofMillis(300));
            answer(link.peer(), lastPing);
            await().until(() -> link.session().stats().bytesReceived() == 39);
            settle(link);
            assertEquals(roundTrip(160, 90, 80), measure(link, 160));
            assertEquals(roundTrip(10, 80, 10), measure(link, 10));
            assertEquals(roundTrip(24, 73, 10), measure(link, 24));
            assertTrue(link.session().isOpen());
        }
    }

    /** Answers the next ping after a while. */
    private RoundTrip measure(Link link, int millis) throws Exception {
        pass(link, INTERVAL.plus(TICK));
        lastPing = expectPing(link.peer());
        pass(link, Duration.ofMillis(millis));
        answer(link.peer(), lastPing);
        await().until(() -> {
            RoundTrip trip = link.session().roundTrip();
            return trip != null && trip.last().toMillis() == millis;
        });
        return Objects.requireNonNull(link.session().roundTrip());
    }

    private static RoundTrip roundTrip(int last, int smoothed, int min) {
        return new RoundTrip(Duration.ofMillis(last), Duration.ofMillis(smoothed), Duration.ofMillis(min));
    }

    @Test
    void pingThatIsNotAnsweredEndsTheSession() throws Exception {
        try (Loopback loopback = with(Protocol.millrace()).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            expectPing(link.peer());
            pass(link, TIMEOUT.minus(TICK));
            settle(link);
            assertTrue(link.session().isOpen(), "closed too early");
            pass(link, TICK.multipliedBy(2));
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.TIMEOUT, reason.kind());
            assertTrue(reason.detail().contains("10000 ms"), reason.detail());
        }
    }

    @Test
    void peerThatReadsALargeMessageSlowlyIsAliveUntilItStops() throws Exception {
        // A client reads on while its queue is long, so its peer is judged all the time.
        try (Loopback loopback = with(Protocol.millrace())
                .client()
                .config(SessionConfig.builder()
                        .heartbeat(HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT))
                        .writeProgressTimeout(Duration.ofHours(1))
                        .sendLimit(16 << 20)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            settle(link);
            int total = 2 << 20;
            assertTrue(link.session().send(ByteBuffer.allocate(total - 5)).isAccepted());
            pass(link, INTERVAL.plus(TICK));
            int read = 0;
            // The ping waits behind the message all this time, so nobody can have answered it.
            while (link.session().queuedBytes() > 512 << 10) {
                link.peer().readExactly(512 << 10);
                read += 512 << 10;
                pass(link, TIMEOUT.minus(TICK));
                assertTrue(
                        link.session().isOpen(),
                        () -> "with " + link.session().queuedBytes() + " bytes to go: "
                                + link.session().closeReason());
            }
            link.peer().readExactly(total - read);
            long token = expectPing(link.peer());
            settle(link);
            answer(link.peer(), token);
            await().until(() -> link.session().roundTrip() != null);
            pass(link, INTERVAL.plus(TICK));
            expectPing(link.peer());
            pass(link, TIMEOUT.plus(TICK));
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
        }
    }

    @Test
    void peerThatStopsReadingWithAPingOnItsWayIsGone() throws Exception {
        // A client reads on while its queue is long, so its peer is judged all the time.
        try (Loopback loopback = with(Protocol.millrace())
                .client()
                .config(SessionConfig.builder()
                        .heartbeat(HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT))
                        .writeProgressTimeout(Duration.ofHours(1))
                        .sendLimit(16 << 20)
                        .build())
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            settle(link);
            assertTrue(link.session().send(ByteBuffer.allocate(8 << 20)).isAccepted());
            pass(link, INTERVAL.plus(TICK));
            // The system may take a little more meanwhile, which looks as if the peer did.
            pass(link, TIMEOUT.plus(TICK).multipliedBy(4));
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
        }
    }

    @Test
    void onlyAsManyLostPongsInARowAsMayBeMissedEndTheSession() throws Exception {
        try (Loopback loopback = with(Protocol.millrace(), 3).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            for (int missed = 0; missed < 3; missed++) {
                expectPing(link.peer());
                assertEquals(missed, link.session().missedHeartbeats());
                pass(link, TIMEOUT.minus(TICK));
                assertTrue(link.session().isOpen(), "closed too early");
                pass(link, TICK.multipliedBy(2));
            }
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.TIMEOUT, reason.kind());
            assertEquals("the peer is gone: no byte came within 10000 ms of any of 3 pings in a row", reason.detail());
            assertEquals(3, link.session().missedHeartbeats());
        }
    }

    private void missTwo(Link link) throws Exception {
        for (int missed = 1; missed <= 2; missed++) {
            pass(link, TIMEOUT.plus(TICK));
            expectPing(link.peer());
            assertEquals(missed, link.session().missedHeartbeats());
        }
    }

    @Test
    void lateAnswerForgivesWhatWasMissed() throws Exception {
        try (Loopback loopback = with(Protocol.millrace(), 3).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            long first = expectPing(link.peer());
            missTwo(link);
            answer(link.peer(), first);
            await().until(() -> link.session().missedHeartbeats() == 0);
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            expectPing(link.peer());
            missTwo(link);
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void pingIsAnsweredWhileTheHandlerIsBusyOnItsExecutor() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        CountDownLatch release = new CountDownLatch(1);
        try (Loopback loopback = with(Protocol.millrace())
                .executor(executor)
                .handler((session, message) -> assertTrue(release.await(20, TimeUnit.SECONDS)))
                .start()) {
            Link link = loopback.open();
            link.peer().send(message("work"));
            for (long token = 1; token <= 3; token++) {
                link.peer()
                        .send(ByteBuffer.allocate(13)
                                .putInt(9)
                                .put((byte) PING)
                                .putLong(token)
                                .array());
                ByteBuffer pong = ByteBuffer.wrap(link.peer().readExactly(13));
                assertEquals(PONG, pong.get(4));
                assertEquals(token, pong.getLong(5));
            }
            assertEquals(1, release.getCount());
            release.countDown();
        } finally {
            release.countDown();
            executor.shutdown();
        }
    }

    @Test
    void anyByteProvesLife() throws Exception {
        try (Loopback loopback = with(Protocol.millrace()).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            expectPing(link.peer());
            link.peer().send(message("here"));
            link.recording().awaitMessages(1);
            settle(link);
            pass(link, TIMEOUT.plus(TICK));
            settle(link);
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void whoTalksIsNotPinged() throws Exception {
        try (Loopback loopback =
                with(Protocol.millrace()).handler((session, message) -> {}).start()) {
            Link link = loopback.open();
            for (int i = 1; i <= 5; i++) {
                link.peer().send(message("still here"));
                link.recording().awaitMessages(i);
                settle(link);
                pass(link, INTERVAL.minus(TICK));
            }
            settle(link);
            assertEquals(0, link.session().stats().bytesSent());
        }
    }

    @Test
    void peerIsNotJudgedWhileThisSideDoesNotReadAndHasAFullIntervalAfterwards() throws Exception {
        try (Loopback loopback = with(Protocol.millrace()).start()) {
            Link link = loopback.open();
            link.session().pauseReading();
            link.peer().send(message("unread"));
            settle(link);
            pass(link, INTERVAL.plus(TIMEOUT).multipliedBy(3));
            settle(link);
            assertTrue(link.session().isOpen());
            link.session().resumeReading();
            link.recording().awaitMessages(1);
            settle(link);
            pass(link, INTERVAL.minus(TICK));
            settle(link);
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void emptyMessagesAreHeartbeatsWhereTheProtocolHasNoPings() throws Exception {
        try (Loopback loopback = with(Protocol.lengthPrefixed()).start()) {
            Link link = loopback.open();
            settle(link);
            link.peer().send(new byte[4]);
            link.peer().send(new byte[] {0, 0, 0, 1, 7});
            assertEquals(1, link.recording().awaitMessages(1).size(), "a heartbeat was delivered");
            assertEquals(List.of((byte) 7), List.of(link.recording().messages().get(0)[0]));
            link.peer().readExactly(5);
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            assertEquals(0, ByteBuffer.wrap(link.peer().readExactly(4)).getInt());
            assertThrows(IllegalArgumentException.class, () -> link.session().send(ByteBuffer.allocate(0)));
        }
    }

    @Test
    void replyThatWouldBeTakenForAHeartbeatIsRefused() throws Exception {
        try (Loopback loopback = with(Protocol.lengthPrefixed())
                .answering((session, request, reply) -> {
                    IllegalArgumentException refused =
                            assertThrows(IllegalArgumentException.class, () -> reply.send(new byte[0]));
                    assertTrue(String.valueOf(refused.getMessage()).contains("heartbeat"), refused.getMessage());
                    reply.send(request);
                })
                .start()) {
            Link link = loopback.open();
            byte[] request = {0, 0, 0, 1, 7};
            link.peer().send(request);
            assertArrayEquals(request, link.peer().readExactly(5));
        }
    }

    @Test
    void silenceEndsTheSessionWhereHeartbeatsAreEmptyMessages() throws Exception {
        try (Loopback loopback = with(Protocol.lengthPrefixed()).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            link.peer().send(new byte[4]);
            await().until(() -> link.session().stats().bytesReceived() == 4);
            settle(link);
            pass(link, INTERVAL.plus(TIMEOUT).minus(TICK));
            settle(link);
            assertTrue(link.session().isOpen(), "closed too early");
            pass(link, TICK.multipliedBy(2));
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
        }
    }

    @Test
    void asManyEmptyMessagesMayBeMissed() throws Exception {
        try (Loopback loopback = with(Protocol.lengthPrefixed(), 3).start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TIMEOUT.multipliedBy(2)).plus(TICK));
            assertEquals(2, link.session().missedHeartbeats());
            link.peer().send(new byte[4]);
            await().until(() -> link.session().missedHeartbeats() == 0);
            pass(link, INTERVAL.plus(TIMEOUT.multipliedBy(3)).minus(TICK));
            assertTrue(link.session().isOpen(), "closed too early");
            pass(link, TICK.multipliedBy(2));
            CloseReason reason = link.recording().awaitClose();
            assertEquals("the peer is gone: nothing came for 60000 ms, none of 3 heartbeats either", reason.detail());
        }
    }

    @Test
    void protocolWithoutAHeartbeatIsRefused() {
        SessionConfig config = SessionConfig.builder()
                .heartbeat(HeartbeatConfig.every(INTERVAL))
                .build();
        SessionHandlers handlers = new SessionHandlers(null, Loopback.ECHO, null, null, null, null, null);
        for (Protocol protocol : List.of(Protocol.lines(), Protocol.raw(), Protocol.fixed(4))) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class, () -> new SessionSetup(Side.SERVER, protocol, config, handlers, 0));
            assertTrue(String.valueOf(refused.getMessage()).contains("readIdleTimeout"), refused.getMessage());
        }
    }

    @Test
    void intervalsThatCannotBeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> HeartbeatConfig.every(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> HeartbeatConfig.every(INTERVAL)
                .timeout(Duration.ofMillis(-1)));
        IllegalArgumentException tooLong =
                assertThrows(IllegalArgumentException.class, () -> HeartbeatConfig.every(Duration.ofDays(366)));
        assertEquals("interval is PT8784H; it must be more than zero, to 365 days", tooLong.getMessage());
        assertFalse(HeartbeatConfig.off().isOn());
        HeartbeatConfig every = HeartbeatConfig.every(INTERVAL);
        assertThrows(IllegalArgumentException.class, () -> every.maxMissed(0));
        assertThrows(IllegalArgumentException.class, () -> every.maxMissed(101));
        assertThrows(IllegalArgumentException.class, () -> every.maxPingsPerSecond(-1));
        assertEquals(
                "every PT30S, timeout PT20S, maxMissed 2, maxPingsPerSecond 0",
                every.maxMissed(2).maxPingsPerSecond(0).toString());
    }

    @Test
    void peerThatHasFinishedCannotAnswerPingsAndStillGetsItsReply() throws Exception {
        CompletableFuture<Reply> asked = new CompletableFuture<>();
        try (Loopback loopback = with(Protocol.millrace())
                .answering((session, request, reply) -> asked.complete(reply))
                .start()) {
            Link link = loopback.open();
            link.peer()
                    .send(ByteBuffer.allocate(13)
                            .putInt(9)
                            .put((byte) 1)
                            .putLong(7)
                            .array());
            link.peer().closeOutput();
            Reply reply = asked.get(10, TimeUnit.SECONDS);
            settle(link);
            pass(link, INTERVAL.plus(TIMEOUT).plusSeconds(2));
            assertNull(link.session().closeReason());
            assertTrue(reply.send(new byte[] {1}).isAccepted());
            byte[] last = link.peer().readToEnd();
            assertEquals(2, last[last.length - 10], "not a reply");
        }
    }

    @Test
    void sessionThatHasShutItsOutputCannotPingAndDoesNotBlameThePeer() throws Exception {
        try (Loopback loopback = with(Protocol.millrace()).start()) {
            Link link = loopback.open();
            settle(link);
            link.session().shutdownOutput();
            link.peer().expectEndOfStream();
            pass(link, INTERVAL.plus(TIMEOUT).plusSeconds(2));
            assertNull(link.session().closeReason());
        }
    }
}
