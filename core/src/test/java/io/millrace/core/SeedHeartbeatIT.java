package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.SeedProtocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.ChunkingChannel;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.Script;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The heartbeats of {@code Protocol.seed()}: four zero bytes to the server, which never answers them. */
@Tag("engine")
class SeedHeartbeatIT {
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration TICK = Duration.ofMillis(20);
    private static final Script ASKED_AMONG_HEARTBEATS = Script.of(
            "-> 00000000",
            "-> 05000000 68656c6c6f",
            "<- 0d000000 01000000 01000000 68656c6c6f",
            "-> 00000000 00000000 00000000",
            "-> 01000000 21",
            "# an empty reply",
            "<- 08000000 02000000 01000000",
            "-> 00000000 02000000 6869 00000000 01000000 21 00000000",
            "<- 0a000000 03000000 01000000 6869",
            "<- 08000000 04000000 01000000",
            "-> 00000000",
            "-> end",
            "<- end");

    private final ManualClock clock = new ManualClock();

    private static SessionConfig beating() {
        return SessionConfig.builder()
                .heartbeat(HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT))
                .build();
    }

    private static RequestHandler echoOrNothing() {
        return (session, request, reply) -> {
            boolean wantsNothing = request.get(request.position()) == '!';
            reply.send(wantsNothing ? ByteBuffer.allocate(0) : request);
        };
    }

    /** Waits until everything that the session has been told so far has been dealt with. */
    private static void settle(Link link) throws Exception {
        for (int i = 0; i < 2; i++) {
            CompletableFuture<Void> turn = new CompletableFuture<>();
            try {
                link.session().execute(() -> turn.complete(null));
                turn.get(10, TimeUnit.SECONDS);
            } catch (RejectedExecutionException ended) {
                return;
            }
        }
        // What was sent leaves in real time, and when it has left is what the next heartbeat counts from.
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (link.session().queuedBytes() > 0 && link.session().isOpen() && System.nanoTime() - giveUp < 0) {
            Thread.onSpinWait();
        }
    }

    /** Lets time pass in steps that no session takes for a machine that slept. */
    private void pass(Link link, Duration time) throws Exception {
        Duration step = Duration.ofMillis(500);
        for (Duration left = time;
                left.compareTo(Duration.ZERO) > 0 && link.session().isOpen(); ) {
            Duration now = left.compareTo(step) < 0 ? left : step;
            clock.advance(now);
            left = left.minus(now);
            if (link.session().isOpen()) {
                settle(link);
            }
        }
    }

    @Test
    void serverNeverAnswersAHeartbeatWhetherItsOwnAreOnOrOff() throws Exception {
        for (SessionConfig config : List.of(SessionConfig.defaults(), beating())) {
            try (Loopback loopback = Loopback.builder()
                    .protocol(Protocol.seed())
                    .config(config)
                    .answering(echoOrNothing())
                    .start()) {
                ASKED_AMONG_HEARTBEATS.playClient(loopback.open().peer());
            }
        }
    }

    @Test
    void serverKnowsAHeartbeatThoughItComesByteByByte() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.seed())
                .answering(echoOrNothing())
                .channel(channel -> new ChunkingChannel(channel, 1, 1, 1))
                .start()) {
            ASKED_AMONG_HEARTBEATS.byteByByte().playClient(loopback.open().peer());
        }
    }

    @Test
    void serverThatTakesMessagesInPartsIsNotGivenHeartbeats() throws Exception {
        List<String> parts = new CopyOnWriteArrayList<>();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.seed())
                .parts((session, part, remaining) ->
                        parts.add(StandardCharsets.US_ASCII.decode(part).toString()))
                .start()) {
            Link link = loopback.open();
            Script.of("-> 00000000", "-> 00000000 02000000 6869", "-> end", "<- end")
                    .playClient(link.peer());
            assertEquals("hi", String.join("", parts));
            assertTrue(!parts.contains(""), "a heartbeat was delivered: " + parts);
        }
    }

    @Test
    void heartbeatsKeepASessionFromBeingIdle() throws Exception {
        SessionConfig config = SessionConfig.builder().idleTimeout(INTERVAL).build();
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .protocol(Protocol.seed())
                .config(config)
                .answering(echoOrNothing())
                .start()) {
            Link link = loopback.open();
            settle(link);
            for (int beats = 1; beats <= 3; beats++) {
                pass(link, INTERVAL.minus(TICK));
                assertTrue(link.session().isOpen(), "closed after " + (beats - 1) + " heartbeats");
                Hex.send(link.peer(), "00 00 00 00");
                int received = beats * 4;
                await().until(() -> link.session().stats().bytesReceived() == received);
                settle(link);
            }
            pass(link, INTERVAL.plus(TICK));
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.IDLE, link.recording().awaitClose().kind());
            assertEquals(0, link.session().stats().bytesSent());
        }
    }

    @Test
    void serverClosesAPeerThatSendsNoHeartbeatAndSendsNoneItself() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .protocol(Protocol.seed())
                .config(beating())
                .answering(echoOrNothing())
                .start()) {
            Link link = loopback.open();
            settle(link);
            pass(link, INTERVAL.plus(TIMEOUT).minus(TICK));
            assertTrue(link.session().isOpen(), "closed too early");
            pass(link, TICK.multipliedBy(2));
            assertEquals(Kind.TIMEOUT, link.recording().awaitClose().kind());
            assertEquals(0, link.session().stats().bytesSent());
        }
    }

    @Test
    void clientSendsHeartbeatsAndJudgesNobodyByThem() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .protocol(Protocol.seed())
                .config(beating())
                .asking()
                .start()) {
            Link link = loopback.open();
            settle(link);
            for (int i = 0; i < 4; i++) {
                pass(link, INTERVAL.plus(TICK));
                Hex.expect(link.peer(), "00 00 00 00");
            }
            CompletableFuture<ByteBuffer> asked =
                    link.session().request(ByteBuffer.wrap(Hex.bytes("6869")), Duration.ofHours(1));
            Hex.expect(link.peer(), "02 00 00 00 68 69");
            settle(link);
            pass(link, INTERVAL.plus(TICK));
            Hex.expect(link.peer(), "00 00 00 00");
            // An empty reply is a reply, and no heartbeat.
            Hex.send(link.peer(), "08 00 00 00 01 00 00 00 01 00 00 00");
            assertEquals(0, asked.get(10, TimeUnit.SECONDS).remaining());
            assertTrue(link.session().isOpen());
        }
    }

    @Test
    void clientCannotSendARequestThatIsAHeartbeat() throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.seed()).asking().start()) {
            Link link = loopback.open();
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> link.session()
                    .request(ByteBuffer.allocate(0), Duration.ofSeconds(1)));
            String why = String.valueOf(refused.getMessage());
            assertTrue(why.contains("heartbeat") && why.contains("at least one byte"), why);
        }
    }

    @Test
    void withoutHeartbeatsAnEmptyMessageIsARequest() throws Exception {
        SeedProtocol strict = SeedProtocol.create().withoutHeartbeats();
        try (Loopback loopback = Loopback.builder()
                .protocol(strict)
                .answering(RequestHandler.of(request -> request))
                .start()) {
            Script.of("-> 00000000", "<- 08000000 01000000 01000000", "-> end", "<- end")
                    .playClient(loopback.open().peer());
        }
    }

    @Test
    void withoutHeartbeatsNoneCanBeTurnedOn() {
        SessionHandlers handlers = new SessionHandlers(null, null, null, null, null, null, null);
        SeedProtocol strict = SeedProtocol.create().withoutHeartbeats();
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> new SessionSetup(Side.CLIENT, strict, beating(), handlers, 0));
        assertTrue(String.valueOf(refused.getMessage()).contains("has no frame for it"), refused.getMessage());
    }
}
