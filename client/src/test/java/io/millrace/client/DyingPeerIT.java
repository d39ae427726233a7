package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.requestOnceItBegins;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.RawPeer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client's sessions make of peers that end, are reset, are killed or are stopped; and what comes after. */
@Tag("engine")
class DyingPeerIT {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final int MIB = 1 << 20;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();

    private TcpClientBuilder clientOf(int port) {
        return Clients.to(port).jmx(false).onClose((session, reason) -> closed.add(reason));
    }

    private CloseReason nextClose() throws InterruptedException {
        CloseReason reason = closed.poll(WAIT.toSeconds(), TimeUnit.SECONDS);
        assertNotNull(reason, "onClose");
        return reason;
    }

    private ServerSocket listen() throws Exception {
        ServerSocket listener = leaks.close(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")));
        listener.setSoTimeout(RawPeer.TIMEOUT_MILLIS);
        return listener;
    }

    private static Session open(TcpClient client) throws Exception {
        return client.connect().get(10, TimeUnit.SECONDS);
    }

    private static SessionClosedException lost(CompletableFuture<ByteBuffer> reply) throws Exception {
        return assertInstanceOf(SessionClosedException.class, failureOf(reply));
    }

    @Test
    void idleConnectionThatThePeerEndsOrResetsIsNoticedAndTheNextRequestHasANewOne() throws Exception {
        ServerSocket listener = listen();
        TcpClient client = leaks.watch(clientOf(listener.getLocalPort()).build());
        for (Kind expected : List.of(Kind.PEER, Kind.RESET, Kind.PEER)) {
            CompletableFuture<ByteBuffer> reply = requestOnceItBegins(client, bytes("ask"));
            try (RawPeer peer = RawPeer.of(listener.accept())) {
                peer.sendFrame(peer.readFrame());
                assertEquals("ask", text(reply));
                if (expected == Kind.RESET) {
                    peer.reset();
                }
            }
            assertEquals(expected, nextClose().kind());
            awaitSoon("session left", () -> client.sessionCount() == 0);
        }
    }

    @Test
    void ownHalfCloseBehindTenMiBLosesNothingAndThePeerCanStillReply() throws Exception {
        ServerSocket listener = listen();
        BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
        TcpClient client = leaks.watch(clientOf(listener.getLocalPort())
                .protocol(Protocol.raw())
                .sessions(SessionConfig.builder().sendLimit(16 * MIB).build())
                .onMessage((session, message) -> {
                    byte[] copy = new byte[message.remaining()];
                    message.get(copy);
                    received.add(copy);
                })
                .build());
        Session session = open(client);
        RawPeer peer = leaks.close(RawPeer.of(listener.accept()));
        byte[] much = new byte[10 * MIB];
        for (int i = 0; i < much.length; i++) {
            much[i] = (byte) (i * 31 >>> 5);
        }

        assertTrue(session.send(much).isAccepted());
        session.shutdownOutput();
        assertEquals(SendResult.CLOSED, session.send(bytes("too late")));

        assertArrayEquals(much, peer.readToEnd());
        peer.send((byte) 1);
        assertArrayEquals(new byte[] {1}, received.poll(10, TimeUnit.SECONDS));
        peer.close();
        nextClose();
    }

    @Test
    void abortWithAReadAndAWriteInFlightEndsBothAndFailsTheRequest() throws Exception {
        ServerSocket listener = listen();
        TcpClient client = leaks.watch(clientOf(listener.getLocalPort()).build());
        Session session = open(client);
        RawPeer peer = leaks.close(RawPeer.of(listener.accept()));
        CompletableFuture<ByteBuffer> reply = session.request(ByteBuffer.allocate(8 * MIB), LONG);
        // The peer has some of it and reads no more, so that the write is in flight; so is a read, as always.
        peer.readExactly(1000);

        session.abort();

        assertEquals(Kind.LOCAL, nextClose().kind());
        assertTrue(lost(reply).maybeWritten());
        awaitSoon("session left", () -> client.sessionCount() == 0);
        awaitSoon("contexts given back", () -> client.group().stats().contextsLeased() == 0);
        awaitSoon("buffers given back", () -> client.group().stats().buffersLeased() == 0);
    }

    private ChildJvm startMortal(int port) throws Exception {
        return leaks.close(ChildJvm.start(MortalServer.class, List.of(), String.valueOf(port)));
    }

    private static int portOf(ChildJvm server) throws Exception {
        server.awaitOutput(MortalServer.LISTENING, WAIT);
        Matcher line = Pattern.compile(MortalServer.LISTENING + "(\\d+)\\.").matcher(server.output());
        assertTrue(line.find(), server.output());
        return Integer.parseInt(line.group(1));
    }

    private static void kill(ChildJvm server) throws Exception {
        server.kill();
        server.awaitExit(WAIT);
    }

    /** Each of the servers is the proof that the client has got over the death of the one before. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill -9")
    void serverThatIsKilledIdleInAReplyAndInARequestIsNoticedAtOnceAndItsSuccessorIsFound() throws Exception {
        ChildJvm server = startMortal(0);
        int port = portOf(server);
        TcpClient client = leaks.watch(clientOf(port).build());

        assertEquals("one", ask(client, "one"));
        kill(server);
        Set<Kind> gone = Set.of(Kind.PEER, Kind.RESET);
        assertTrue(gone.contains(nextClose().kind()));

        server = startMortal(port);
        portOf(server);
        assertEquals("two", text(requestOnceItBegins(client, bytes("two"))));
        CompletableFuture<ByteBuffer> inReply = client.request(bytes(MortalServer.HALF_REPLY), LONG);
        server.awaitOutput(MortalServer.IN_REPLY, WAIT);
        kill(server);
        SessionClosedException halfReply = lost(inReply);
        assertTrue(halfReply.maybeWritten());
        assertTrue(Set.of(Kind.PROTOCOL, Kind.RESET).contains(halfReply.reason().kind()), halfReply.getMessage());
        assertEquals(halfReply.reason().kind(), nextClose().kind());

        server = startMortal(port);
        portOf(server);
        assertEquals("three", text(requestOnceItBegins(client, bytes("three"))));
        CompletableFuture<ByteBuffer> inRequest = client.request(new byte[8 * MIB], LONG);
        server.awaitOutput(MortalServer.IN_REQUEST, WAIT);
        kill(server);
        SessionClosedException halfRequest = lost(inRequest);
        assertTrue(halfRequest.maybeWritten());
        assertEquals(Kind.RESET, nextClose().kind());

        server = startMortal(port);
        portOf(server);
        assertEquals("four", text(requestOnceItBegins(client, bytes("four"))));
    }

    /** The servers that are stopped, which show what they see of it afterwards. */
    static final class StoppedServer {
        private StoppedServer() {}

        public static void main(String... args) throws Exception {
            try (TcpServer server = TcpServer.builder()
                    .protocol(Protocol.millrace())
                    .onRequest((session, request, reply) -> reply.send(request))
                    .onClose((session, reason) -> System.out.println("closed with " + reason.kind()))
                    .bind("127.0.0.1", 0)) {
                System.out.println(MortalServer.LISTENING + server.port() + ".");
                server.awaitClosed();
            }
        }
    }

    /** The client that is stopped: it connects again whenever it has lost its connection. */
    static final class StoppedClient {
        private StoppedClient() {}

        public static void main(String... args) throws Exception {
            try (TcpClient client = TcpClient.builder()
                    .protocol(Protocol.millrace())
                    .endpoint("127.0.0.1", Integer.parseInt(args[0]))
                    .onClose((session, reason) -> System.out.println("lost with " + reason.kind()))
                    .build()) {
                while (true) {
                    Session session = client.connect().get();
                    session.send(bytes("here"));
                    session.closed().get();
                }
            }
        }
    }

    private static SessionConfig beating() {
        return SessionConfig.builder()
                .heartbeat(HeartbeatConfig.every(Duration.ofMillis(200)).timeout(Duration.ofMillis(500)))
                .build();
    }

    @Test
    @Tag("heavy")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill -STOP")
    void serverThatIsStoppedIsGivenUpByItsHeartbeatAndServesAgainWhenItGoesOn() throws Exception {
        ChildJvm server = leaks.close(ChildJvm.start(StoppedServer.class, List.of()));
        TcpClient client = leaks.watch(clientOf(portOf(server))
                .protocol(Protocol.millrace())
                .sessions(beating())
                .build());
        assertEquals("before", ask(client, "before"));

        server.pause();
        CompletableFuture<ByteBuffer> unanswered = client.request(bytes("meanwhile"), LONG);
        // The kernel takes it: only silence tells.
        assertEquals(Kind.TIMEOUT, nextClose().kind());
        assertTrue(lost(unanswered).maybeWritten());

        server.resume();
        server.awaitOutput("closed with ", WAIT);
        assertEquals("after", text(requestOnceItBegins(client, bytes("after"))));
    }

    @Test
    @Tag("heavy")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill -STOP")
    void clientThatIsStoppedIsGivenUpSeesThatWhenItGoesOnAndConnectsAgain() throws Exception {
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .sessions(beating())
                .onMessage((session, message) -> messages.add("here"))
                .onClose((session, reason) -> closed.add(reason))
                .bind("127.0.0.1", 0));
        ChildJvm client = leaks.close(ChildJvm.start(StoppedClient.class, List.of(), String.valueOf(server.port())));
        assertEquals("here", messages.poll(WAIT.toSeconds(), TimeUnit.SECONDS));

        client.pause();
        assertEquals(Kind.TIMEOUT, nextClose().kind());

        client.resume();
        client.awaitOutput("lost with ", WAIT);
        assertEquals("here", messages.poll(WAIT.toSeconds(), TimeUnit.SECONDS), client.output());
    }
}
