package io.millrace.client;

import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ManualClock;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client with heartbeats takes no slow or busy server for a dead one, on a clock that the test moves. */
@Tag("engine")
@NetworkTest
class BusyPeerIT {
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration TICK = Duration.ofMillis(20);
    private static final Duration FOR_EVER = Duration.ofHours(10);
    private static final byte PING = 4;
    private static final byte PONG = 5;
    private static final byte MESSAGE = 0;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final ManualClock clock = new ManualClock();
    private RawServer server;
    private IoGroup group;

    @BeforeEach
    void start() throws Exception {
        server = leaks.close(RawServer.start());
        // The clock jumps, so what looks like a blocked thread is none.
        IoGroup.Builder builder = IoGroup.builder().blockedThreadTimeout(Duration.ZERO);
        GroupAccess.setClock(builder, clock);
        group = leaks.watch(builder.start());
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
    }

    private TcpClientBuilder client() {
        return Clients.to(server.port())
                .protocol(Protocol.millrace())
                .group(group)
                .drainTimeout(Duration.ofMillis(200))
                .sessions(SessionConfig.builder()
                        .heartbeat(HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT))
                        .frameTimeout(Duration.ZERO)
                        .build());
    }

    private static Session sessionOf(TcpClient client) throws Exception {
        return client.connect().get(10, TimeUnit.SECONDS);
    }

    /** Lets time pass in steps, for a jump would be taken for a process that was stopped, and forgiven. */
    private void pass(Session session, Duration time) throws Exception {
        Duration left = time;
        while (!left.isZero()) {
            Duration step = left.compareTo(Duration.ofMillis(500)) > 0 ? Duration.ofMillis(500) : left;
            clock.advance(step);
            settle(session);
            left = left.minus(step);
        }
    }

    private static void settle(Session session) throws Exception {
        // A task runs before the deadlines that are due in the same step, but not in the same step as one before it.
        for (int i = 0; i < 2; i++) {
            CompletableFuture<Void> turn = new CompletableFuture<>();
            try {
                session.execute(() -> turn.complete(null));
                turn.get(10, TimeUnit.SECONDS);
            } catch (RejectedExecutionException ended) {
                // nothing more will happen to it
            }
        }
    }

    private static byte[] control(byte kind, long token) {
        return RawPeer.frame(ByteBuffer.allocate(9).put(kind).putLong(token).array());
    }

    /** Takes the next frame, which has to be a ping, and answers it. */
    private static void answerPing(RawServer.Connection connection) throws IOException {
        byte[] frame = connection.receive();
        assertEquals(PING, RawFrames.kindOf(frame));
        connection.sendBytes(control(PONG, RawFrames.tokenOf(frame)));
    }

    private static CompletableFuture<ByteBuffer> ask(Session session) {
        return session.request(ByteBuffer.allocate(4), FOR_EVER);
    }

    @Test
    void serverThatWorksOnARequestForLongIsAliveAsLongAsItAnswersPings() throws Exception {
        Session session = sessionOf(leaks.watch(client().build()));
        RawServer.Connection connection = leaks.close(server.accept());
        CompletableFuture<ByteBuffer> reply = ask(session);
        long token = RawFrames.tokenOf(connection.receive());
        for (int round = 0; round < 5; round++) {
            long before = session.stats().bytesReceived();
            pass(session, INTERVAL.plus(TICK));
            answerPing(connection);
            awaitSoon("the answer", () -> session.stats().bytesReceived() > before);
            settle(session);
        }
        pass(session, TIMEOUT.plus(TICK));
        assertTrue(session.isOpen(), () -> "closed: " + session.closeReason());
        assertFalse(reply.isDone());
        connection.sendBytes(RawFrames.reply(token, (byte) 9));
        assertEquals(9, reply.get(10, TimeUnit.SECONDS).get(0));
    }

    @Test
    void serverIsAliveAsLongAsALargeReplyTricklesInThoughNoPingIsAnswered() throws Exception {
        Session session = sessionOf(leaks.watch(client().build()));
        RawServer.Connection connection = leaks.close(server.accept());
        CompletableFuture<ByteBuffer> reply = ask(session);
        byte[] payload = new byte[100_000];
        byte[] frame = RawFrames.reply(RawFrames.tokenOf(connection.receive()), payload);
        int pieces = 4;
        int each = frame.length / pieces + 1;
        for (int piece = 0; piece < pieces; piece++) {
            int from = piece * each;
            int to = Math.min(frame.length, from + each);
            connection.sendBytes(Arrays.copyOfRange(frame, from, to));
            awaitSoon("the piece", () -> session.stats().bytesReceived() == to);
            settle(session);
            if (piece < pieces - 1) {
                pass(session, INTERVAL.plus(TIMEOUT).minus(TICK));
                assertTrue(session.isOpen(), () -> "closed: " + session.closeReason());
            }
        }
        assertEquals(payload.length, reply.get(10, TimeUnit.SECONDS).remaining());
    }

    @Test
    void serverThatSaysNothingIsGoneAndRequestsFailWithThat() throws Exception {
        Session session = sessionOf(leaks.watch(client().build()));
        RawServer.Connection connection = leaks.close(server.accept());
        CompletableFuture<ByteBuffer> reply = ask(session);
        connection.receive();
        pass(session, INTERVAL.plus(TICK));
        pass(session, TIMEOUT.minus(TICK.multipliedBy(2)));
        assertFalse(reply.isDone(), "its time is not over");
        pass(session, TICK.multipliedBy(4));
        SessionClosedException gone = assertInstanceOf(SessionClosedException.class, failureOf(reply));
        assertEquals(CloseReason.Kind.TIMEOUT, gone.reason().kind());
        assertTrue(gone.reason().detail().startsWith("the peer is gone"), gone.toString());
        assertTrue(gone.maybeSent());
    }

    @Test
    void clientWhoseHandlerIsBusyAnswersPingsAndTakesNoHarmFromItsOwn() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        leaks.close(executor::shutdown);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        // Many may be missed, so that a pause of this test's own harms nothing.
        HeartbeatConfig often = HeartbeatConfig.every(Duration.ofMillis(30))
                .timeout(Duration.ofMillis(50))
                .maxMissed(100);
        TcpClient client = leaks.watch(Clients.to(server.port())
                .protocol(Protocol.millrace())
                .sessions(SessionConfig.builder().heartbeat(often).build())
                .handlerExecutor(executor)
                .onMessage((session, message) -> {
                    begun.countDown();
                    assertTrue(release.await(20, TimeUnit.SECONDS));
                })
                .drainTimeout(Duration.ofMillis(200))
                .build());
        leaks.close(release::countDown);
        Session session = sessionOf(client);
        RawServer.Connection connection = leaks.close(server.accept());
        connection.sendBytes(RawPeer.frame(MESSAGE, (byte) 1));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        connection.sendBytes(control(PING, 77));
        int answered = 0;
        boolean ponged = false;
        // Its own pings come one by one, each after the answer to the last and another interval.
        while (answered < 5 || !ponged) {
            byte[] frame = connection.receive();
            if (RawFrames.kindOf(frame) == PONG) {
                assertEquals(77, RawFrames.tokenOf(frame));
                ponged = true;
            } else {
                assertEquals(PING, RawFrames.kindOf(frame));
                connection.sendBytes(control(PONG, RawFrames.tokenOf(frame)));
                answered++;
            }
        }
        assertEquals(1, release.getCount(), "all of that while the handler was busy");
        assertTrue(session.isOpen());
        awaitSoon("a round trip", () -> session.roundTrip() != null);
        release.countDown();
    }
}
