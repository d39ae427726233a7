package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** T01 to T04: what closes a silent or slow peer, by a clock that stands still until it is moved. One I/O thread. */
@Tag("engine")
class SessionDeadlinesIT {
    private static final Duration TEN = Duration.ofSeconds(10);
    private static final Duration ALMOST_TEN = Duration.ofMillis(9_990);
    private static final Duration TWO_TICKS = Duration.ofMillis(20);
    private static final Duration STEP = Duration.ofMillis(900);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualClock clock = new ManualClock();
    private final CountDownLatch gate = new CountDownLatch(1);

    private Loopback.Builder on(Permutation.Handlers handlers, SessionConfigBuilder config) {
        return new Permutation(1, handlers).loopback().clock(clock).config(config.build());
    }

    private static SessionConfigBuilder config() {
        return SessionConfig.builder();
    }

    /** Lets the only I/O thread finish what it was told before, twice: what it has begun may tell it more. */
    private static void settle(Loopback loopback) throws Exception {
        for (int i = 0; i < 2; i++) {
            CountDownLatch passed = new CountDownLatch(1);
            loopback.runtime().execute(passed::countDown);
            assertTrue(passed.await(10, TimeUnit.SECONDS));
        }
    }

    /** Moves the clock, in steps that do not look as if the process had been stopped. */
    private void advance(Loopback loopback, Duration time) throws Exception {
        settle(loopback);
        Duration left = time;
        while (left.compareTo(STEP) > 0 && left.compareTo(Duration.ofHours(1)) < 0) {
            clock.advance(STEP);
            settle(loopback);
            left = left.minus(STEP);
        }
        clock.advance(left);
        settle(loopback);
    }

    private void expectOpenAfter(Loopback loopback, Link link, Duration time) throws Exception {
        advance(loopback, time);
        assertTrue(
                link.session().isOpen(),
                () -> "closed too early: " + link.session().closeReason());
    }

    private void expectClosedAfter(Loopback loopback, Link link, Duration time, Kind kind, String text)
            throws Exception {
        advance(loopback, time);
        assertTrue(!link.session().isOpen(), "still open");
        link.peer().readToEnd();
        link.peer().close();
        CloseReason reason = link.recording().awaitClose();
        assertEquals(kind, reason.kind());
        assertEquals(text, reason.detail());
    }

    private static void await(Link link, long bytesReceived) {
        LeakCheck.awaitSoon("received", () -> link.session().stats().bytesReceived() >= bytesReceived);
    }

    /** Waits until the executor has done all that it was given. */
    private static void awaitIdleHandler(Link link) throws Exception {
        CountDownLatch passed = new CountDownLatch(1);
        link.session().execute(passed::countDown);
        assertTrue(passed.await(10, TimeUnit.SECONDS));
    }

    private static void echo(Link link) throws Exception {
        link.peer().sendFrame((byte) 7);
        assertEquals(7, link.peer().readFrame()[0]);
        awaitIdleHandler(link);
    }

    private static Link opened(Loopback loopback) throws Exception {
        Link link = loopback.open();
        LeakCheck.awaitSoon("open", () -> link.recording().events().contains("onOpen"));
        settle(loopback);
        return link;
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void idleSessionClosesOnTimeAndActivityPutsItOff(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().idleTimeout(TEN)).start()) {
            Link link = opened(loopback);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            echo(link);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            link.session().send(new byte[] {1});
            assertEquals(1, link.peer().readFrame()[0]);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.IDLE, "nothing was received or sent for 10000 ms");
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void readIdleIsPutOffByReadsOnly(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().readIdleTimeout(TEN)).start()) {
            Link link = opened(loopback);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            echo(link);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            link.session().send(new byte[] {1});
            assertEquals(1, link.peer().readFrame()[0]);
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.IDLE, "nothing was received for 10000 ms");
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void writeIdleIsPutOffByWritesOnly(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().writeIdleTimeout(TEN))
                .handler((session, message) -> {})
                .start()) {
            Link link = opened(loopback);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            link.session().send(new byte[] {1});
            assertEquals(1, link.peer().readFrame()[0]);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            link.peer().sendFrame((byte) 1);
            link.recording().awaitMessages(1);
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.IDLE, "nothing was sent for 10000 ms");
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void firstFrameIsDueFromTheOpenHoweverItDribbles(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().firstFrameTimeout(TEN)).start()) {
            Link silent = opened(loopback);
            Link dribbling = opened(loopback);
            Link good = opened(loopback);
            byte[] frame = RawPeer.frame(new byte[100]);
            for (int i = 0; i < 9; i++) {
                dribbling.peer().send(frame[i]);
                await(dribbling, i + 1);
                expectOpenAfter(loopback, dribbling, SECOND);
            }
            echo(good);
            expectOpenAfter(loopback, silent, Duration.ofMillis(990));
            expectClosedAfter(loopback, silent, TWO_TICKS, Kind.TIMEOUT, "no whole frame has come for 10000 ms");
            expectClosedAfter(loopback, dribbling, Duration.ZERO, Kind.TIMEOUT, "no whole frame has come for 10000 ms");
            expectOpenAfter(loopback, good, Duration.ofDays(1));
        }
    }

    /** In how many ways a frame may dribble in. */
    enum Slow {
        WHOLE,
        IN_PARTS,
        MILLRACE_REQUEST,
        SKIPPED_REQUEST
    }

    @ParameterizedTest
    @EnumSource(Slow.class)
    void frameThatDribblesClosesItsSessionThoughItIsActive(Slow slow) throws Exception {
        frameDribbles(slow, Permutation.Handlers.INLINE);
    }

    @ParameterizedTest
    @EnumSource(Slow.class)
    void frameThatDribblesClosesItsSessionThoughHandlersAreOnAnExecutor(Slow slow) throws Exception {
        frameDribbles(slow, Permutation.Handlers.EXECUTOR);
    }

    private void frameDribbles(Slow slow, Permutation.Handlers handlers) throws Exception {
        Loopback.Builder builder = on(handlers, config().frameTimeout(TEN).readIdleTimeout(TEN));
        switch (slow) {
            case WHOLE -> {}
            case IN_PARTS -> builder.parts((session, part, remaining) -> {});
            case MILLRACE_REQUEST, SKIPPED_REQUEST ->
                builder.protocol(MillraceProtocol.create().maxPayloadBytes(slow == Slow.SKIPPED_REQUEST ? 10 : 1_000))
                        .answering(RequestHandler.of(request -> request));
        }
        byte[] body = new byte[100];
        body[0] = 1;
        byte[] frame = RawPeer.frame(body);
        try (Loopback loopback = builder.start()) {
            Link link = opened(loopback);
            expectOpenAfter(loopback, link, Duration.ofSeconds(5));
            int sent = slow == Slow.WHOLE ? 1 : 13;
            link.peer().send(frame, 0, sent);
            await(link, sent);
            for (int i = 0; i < 9; i++) {
                expectOpenAfter(loopback, link, SECOND);
                link.peer().send(frame[sent]);
                sent++;
                await(link, sent);
                awaitIdleHandler(link);
            }
            expectOpenAfter(loopback, link, Duration.ofMillis(990));
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.TIMEOUT, "a frame is not complete for 10000 ms");
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void framesThatAreCompleteInTimeCloseNothing(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().frameTimeout(TEN)).start()) {
            Link link = opened(loopback);
            byte[] frame = RawPeer.frame(new byte[10]);
            long received = 0;
            for (int i = 0; i < 10; i++) {
                // the end of one and the start of the next in one piece: never between frames
                link.peer().send(frame, 0, 5);
                received += 5;
                await(link, received);
                expectOpenAfter(loopback, link, ALMOST_TEN);
                link.peer().send(frame, 5, frame.length);
                received += frame.length - 5;
                link.recording().awaitMessages(i + 1);
            }
            expectOpenAfter(loopback, link, Duration.ofDays(1));
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void frameIsJudgedAfterAPauseAsBeforeIt(Permutation.Handlers handlers) throws Exception {
        try (Loopback loopback = on(handlers, config().frameTimeout(TEN)).start()) {
            Link link = opened(loopback);
            byte[] frame = RawPeer.frame(new byte[10]);
            link.peer().send(frame, 0, 5);
            await(link, 5);
            // counted is not yet read on: the step that has counted has to end
            awaitIdleHandler(link);
            link.session().pauseReading();
            // completes the read that is in flight, and then none is
            link.peer().send(frame, 5, 6);
            await(link, 6);
            expectOpenAfter(loopback, link, Duration.ofMinutes(1));
            link.session().resumeReading();
            expectOpenAfter(loopback, link, ALMOST_TEN);
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.TIMEOUT, "a frame is not complete for 10000 ms");
        }
    }

    /** Deadlines that blame the peer. */
    enum Blaming {
        IDLE,
        READ_IDLE,
        FIRST_FRAME
    }

    @ParameterizedTest
    @EnumSource(Blaming.class)
    void nothingIsBlamedOnThePeerWhileThisSideHasPausedAndItHasAllItsTimeAfterwards(Blaming deadline) throws Exception {
        SessionConfigBuilder config =
                switch (deadline) {
                    case IDLE -> config().idleTimeout(TEN);
                    case READ_IDLE -> config().readIdleTimeout(TEN);
                    case FIRST_FRAME -> config().firstFrameTimeout(TEN);
                };
        CountDownLatch paused = new CountDownLatch(1);
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onOpen(Session session) {
                session.pauseReading();
                paused.countDown();
            }

            @Override
            public void onMessage(Session session, ByteBuffer message) {}
        };
        // on an I/O thread, so that no read is in flight when the pause begins
        try (Loopback loopback =
                on(Permutation.Handlers.INLINE, config).handler(handler).start()) {
            Link link = loopback.open();
            assertTrue(paused.await(10, TimeUnit.SECONDS));
            for (int i = 0; i < 10; i++) {
                expectOpenAfter(loopback, link, ALMOST_TEN);
            }
            link.session().resumeReading();
            expectOpenAfter(loopback, link, ALMOST_TEN);
            advance(loopback, TWO_TICKS);
            assertTrue(!link.session().isOpen(), "still open");
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(
                    deadline == Blaming.FIRST_FRAME ? Kind.TIMEOUT : Kind.IDLE,
                    link.recording().awaitClose().kind());
        }
    }

    private void standAtTheGate() throws InterruptedException {
        assertTrue(gate.await(20, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @EnumSource(
            value = Blaming.class,
            names = {"IDLE", "READ_IDLE"})
    void silenceWhileTheExecutorIsBusyIsNotBlamedOnThePeer(Blaming deadline) throws Exception {
        SessionConfigBuilder config =
                deadline == Blaming.IDLE ? config().idleTimeout(TEN) : config().readIdleTimeout(TEN);
        try (Loopback loopback = on(Permutation.Handlers.EXECUTOR, config)
                .handler((session, message) -> {
                    standAtTheGate();
                    session.send(message);
                })
                .start()) {
            Link link = opened(loopback);
            link.peer().sendFrame((byte) 1);
            link.recording().awaitMessages(1);
            for (int i = 0; i < 10; i++) {
                expectOpenAfter(loopback, link, ALMOST_TEN);
            }
            gate.countDown();
            assertEquals(1, link.peer().readFrame()[0]);
            awaitIdleHandler(link);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            String what = deadline == Blaming.IDLE ? "nothing was received or sent" : "nothing was received";
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.IDLE, what + " for 10000 ms");
        }
    }

    @Test
    void inputThatWaitedWhileTheProcessWasStoppedIsReadBeforeThePeerIsJudged() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        try (Loopback loopback = on(Permutation.Handlers.INLINE, config().readIdleTimeout(TEN))
                .handler((session, message) -> {
                    if (message.get(message.position()) == 9) {
                        entered.countDown();
                        standAtTheGate();
                    } else {
                        session.send(message);
                    }
                })
                .start()) {
            Link speaking = opened(loopback);
            Link silent = opened(loopback);
            Link holding = opened(loopback);
            holding.peer().sendFrame((byte) 9);
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            speaking.peer().sendFrame((byte) 1);
            // nothing runs meanwhile, as if the process were stopped
            clock.advance(Duration.ofHours(1));
            gate.countDown();
            assertEquals(1, speaking.peer().readFrame()[0]);
            settle(loopback);
            assertTrue(speaking.session().isOpen());
            assertTrue(silent.session().isOpen(), "everybody gets a moment");
            advance(loopback, Duration.ofMillis(200));
            assertTrue(speaking.session().isOpen(), "it has spoken");
            expectClosedAfter(loopback, silent, Duration.ZERO, Kind.IDLE, "nothing was received for 10000 ms");
        }
    }

    @ParameterizedTest
    @EnumSource(Permutation.Handlers.class)
    void longestDurationsDoNotOverflow(Permutation.Handlers handlers) throws Exception {
        Duration year = Duration.ofDays(365);
        SessionConfigBuilder config = config().idleTimeout(year)
                .readIdleTimeout(year)
                .writeIdleTimeout(year)
                .firstFrameTimeout(year)
                .frameTimeout(year);
        try (Loopback loopback = on(handlers, config).start()) {
            Link link = opened(loopback);
            link.peer().send((byte) 0);
            await(link, 1);
            expectOpenAfter(loopback, link, Duration.ofDays(364));
            clock.advance(Duration.ofDays(2));
            advance(loopback, Duration.ofMillis(200));
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
        }
    }

    @Test
    void messageThatStallsAfterItsFirstChunkIsCovered() throws Exception {
        int length = 8 << 20;
        try (Loopback loopback = on(Permutation.Handlers.INLINE, config().writeProgressTimeout(TEN))
                .socketBuffers(16 << 10)
                .start()) {
            Link link = opened(loopback);
            CompletableFuture<Void> sent = link.session().sendAsync(ByteBuffer.allocate(length));
            long before = link.session().queuedBytes();
            link.peer().readExactly(1 << 20);
            LeakCheck.awaitSoon("progress", () -> link.session().queuedBytes() < before);
            advance(loopback, Duration.ofSeconds(9));
            long then = link.session().queuedBytes();
            link.peer().readExactly(2 << 20);
            LeakCheck.awaitSoon("further progress", () -> link.session().queuedBytes() < then);
            expectOpenAfter(loopback, link, Duration.ofSeconds(9));
            advance(loopback, Duration.ofSeconds(11));
            advance(loopback, Duration.ofSeconds(11));
            assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
            assertTrue(sent.isCompletedExceptionally());
        }
    }

    /** An int32 frame with a trailer of two bytes behind its payload, as a checksum would be. */
    private static final class WithTrailer implements FrameDecoder {
        private int length;

        @Override
        public int frameLength(ByteBuffer in) {
            if (in.remaining() < Integer.BYTES) {
                return UNKNOWN;
            }
            length = in.getInt(in.position());
            return Integer.BYTES + length + Short.BYTES;
        }

        @Override
        public int payloadOffset() {
            return Integer.BYTES;
        }

        @Override
        public int payloadLength() {
            return length;
        }
    }

    @Test
    void frameBehindASplitTrailerHasADeadlineOfItsOwn() throws Exception {
        Protocol protocol = new Protocol() {
            @Override
            public FrameDecoder newDecoder(Side side) {
                return new WithTrailer();
            }

            @Override
            public FrameEncoder newEncoder(Side side) {
                return PrefixHandler.int32();
            }
        };
        try (Loopback loopback = on(Permutation.Handlers.INLINE, config().frameTimeout(TEN))
                .protocol(protocol)
                .parts((session, part, remaining) -> {})
                .start()) {
            Link link = opened(loopback);
            link.peer().send(new byte[] {0, 0, 0, 1, 5, 1});
            await(link, 6);
            assertEquals(0, link.session().stats().messagesReceived(), "its trailer is still to come");
            link.peer().send((byte) 2);
            await(link, 7);
            assertEquals(1, link.session().stats().messagesReceived());
            expectOpenAfter(loopback, link, Duration.ofMinutes(1));
            link.peer().send((byte) 0);
            await(link, 8);
            expectOpenAfter(loopback, link, ALMOST_TEN);
            expectClosedAfter(loopback, link, TWO_TICKS, Kind.TIMEOUT, "a frame is not complete for 10000 ms");
        }
    }
}
