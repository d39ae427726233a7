package io.millrace.client;

import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.EndpointSource;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.RawPeer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client without requests and without a pool: connect, send, be told what comes, close, connect again. */
@Tag("engine")
class RawClientIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private ServerSocket listener;

    @BeforeEach
    void listen() throws Exception {
        listener = leaks.close(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")));
        listener.setSoTimeout(RawPeer.TIMEOUT_MILLIS);
    }

    private TcpClientBuilder recording(int port) {
        return TcpClient.builder()
                .protocol(Protocol.raw())
                .endpoint("127.0.0.1", port)
                .jmx(false)
                .onOpen(session -> events.add("open"))
                .onMessage((session, message) ->
                        events.add(StandardCharsets.UTF_8.decode(message).toString()))
                .onClose((session, reason) -> events.add(reason.kind()));
    }

    private TcpClient client() throws Exception {
        return leaks.watch(recording(listener.getLocalPort()).build());
    }

    private RawPeer accept() throws Exception {
        return leaks.close(RawPeer.of(listener.accept()));
    }

    private static Session open(TcpClient client) throws Exception {
        return client.connect().get(10, TimeUnit.SECONDS);
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    /** Takes messages until their text is whole: without frames the network may cut it anywhere. */
    private String nextText(int length) throws InterruptedException {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(assertInstanceOf(String.class, next()));
        }
        return text.toString();
    }

    @Test
    void bytesGoOutAsTheyAreAndThoseThatComeInAreTold() throws Exception {
        TcpClient client = client();
        Session session = open(client);
        RawPeer peer = accept();
        assertEquals("open", next());

        assertEquals(SendResult.ACCEPTED, session.send(bytes("hello")));
        assertArrayEquals(bytes("hello"), peer.readExactly(5));
        peer.send(bytes("welcome"));
        assertEquals("welcome", nextText(7));

        session.close();
        peer.expectEndOfStream();
        peer.close();
        assertEquals(CloseReason.Kind.LOCAL, next());
        assertNull(events.poll());
    }

    @Test
    void whatTheServerSendsAtOnceAfterTheAcceptIsToldAfterTheOpen() throws Exception {
        TcpClient client = client();
        for (int round = 0; round < 50; round++) {
            CompletableFuture<Session> connecting = client.connect();
            try (RawPeer peer = RawPeer.of(listener.accept())) {
                peer.send(bytes("banner"));
                peer.closeOutput();
                assertEquals("open", next());
                assertEquals("banner", nextText(6));
                assertEquals(CloseReason.Kind.PEER, next());
                connecting.get(10, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void firstSendDoesNotWaitThoughNobodyHasAcceptedOrReads() throws Exception {
        TcpClient client = client();
        // In the backlog only: the server's program has not been told of it yet.
        Session session = open(client);

        assertEquals(SendResult.ACCEPTED, session.send(bytes("first")));
        assertEquals(SendResult.ACCEPTED, session.send(bytes(" second")));

        assertArrayEquals(bytes("first second"), accept().readExactly(12));
    }

    @Test
    void sendCanFollowTheConnectWithoutAnyThreadThatWaits() throws Exception {
        TcpClient client = client();

        CompletableFuture<Void> sent =
                client.connect().thenCompose(session -> session.sendAsync(ByteBuffer.wrap(bytes("chained"))));

        assertArrayEquals(bytes("chained"), accept().readExactly(7));
        sent.get(10, TimeUnit.SECONDS);
    }

    @Test
    void connectingAgainIsHowToReconnect() throws Exception {
        TcpClient client = client();
        Session lost = open(client);
        accept().reset();
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.RESET, next());
        assertEquals(SendResult.CLOSED, lost.send(bytes("lost")));

        Session again = open(client);
        again.send(bytes("again"));

        assertNotSame(lost, again);
        assertArrayEquals(bytes("again"), accept().readExactly(5));
        assertEquals("open", next());
        assertFalse(lost.isOpen());
    }

    @Test
    void reconnectFromTheCallbackThatToldOfTheLossWorks() throws Exception {
        TcpClient[] self = new TcpClient[1];
        BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
        self[0] = leaks.watch(TcpClient.builder()
                .protocol(Protocol.raw())
                .endpoint("127.0.0.1", listener.getLocalPort())
                .onMessage((session, message) -> {})
                .onClose((session, reason) -> {
                    if (reason.kind() == CloseReason.Kind.PEER) {
                        self[0].connect().thenAccept(sessions::add);
                    }
                })
                .build());
        open(self[0]);

        accept().close();

        RawPeer second = accept();
        Session again = sessions.poll(10, TimeUnit.SECONDS);
        again.send(bytes("back"));
        assertArrayEquals(bytes("back"), second.readExactly(4));
    }

    @Test
    void clientsOfOneProgramHaveNothingInCommon() throws Exception {
        TcpServer echo = leaks.watch(TcpServer.builder()
                .protocol(Protocol.raw())
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0));
        IoGroup group = leaks.watch(IoGroup.start());
        for (boolean shared : new boolean[] {false, true}) {
            TcpClientBuilder first = TcpClient.builder()
                    .protocol(Protocol.raw())
                    .endpoint("127.0.0.1", listener.getLocalPort())
                    .onMessage((session, message) -> {});
            TcpClient closing = leaks.watch((shared ? first.group(group) : first).build());
            TcpClientBuilder second = recording(echo.port());
            TcpClient staying = leaks.watch((shared ? second.group(group) : second).build());
            Session kept = open(staying);
            assertEquals("open", next());
            Session closed = open(closing);
            accept().close();

            closing.close();

            assertFalse(closed.isOpen());
            kept.send(bytes("still here"));
            assertEquals("still here", nextText(10));
            kept.abort();
            assertEquals(CloseReason.Kind.LOCAL, next());
        }
    }

    @Test
    void connectThatFailsIsToldOnceByTheFutureAndByNothingElse() throws Exception {
        int port = listener.getLocalPort();
        listener.close();
        TcpClient client = leaks.watch(recording(port).build());

        Throwable failure = failureOf(client.connect());

        assertInstanceOf(TransportException.class, failure);
        assertTrue(failure.getMessage().contains("127.0.0.1:" + port), failure.getMessage());
        assertNull(events.poll());
        assertEquals(0, client.sessionCount());

        // The client is none the worse for it: when the server comes, connecting again works.
        try (ServerSocket back = new ServerSocket()) {
            back.setReuseAddress(true);
            back.bind(new InetSocketAddress("127.0.0.1", port));
            assertTrue(open(client).isOpen());
            back.accept().close();
        }
        assertEquals("open", next());
    }

    @Test
    void closeSendsWhatIsQueuedAndThenTheEndOfTheStream() throws Exception {
        TcpClient client = client();
        Session session = open(client);
        byte[] much = new byte[2 << 20];
        much[much.length - 1] = 7;
        session.send(much);

        session.close();

        RawPeer peer = accept();
        assertArrayEquals(much, peer.readToEnd());
        peer.close();
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.LOCAL, next());
        awaitSoon("session left", () -> client.sessionCount() == 0);
    }

    @Test
    void connectGivesUpOnASourceThatHangsAndCloseDoesNotWaitForIt() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        EndpointSource hangs = () -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return List.of();
        };
        TcpClient hasty = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoints(hangs)
                .connectTimeout(Duration.ofMillis(50))
                .build());
        TcpClient patient = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoints(hangs)
                .connectTimeout(Duration.ofDays(1))
                .build());

        assertInstanceOf(TransportException.class, failureOf(hasty.connect()));
        CompletableFuture<Session> connecting = patient.connect();
        CompletableFuture<Session> joining = patient.connect();
        patient.close();

        assertInstanceOf(TransportException.class, failureOf(connecting));
        assertInstanceOf(TransportException.class, failureOf(joining));
    }
}
