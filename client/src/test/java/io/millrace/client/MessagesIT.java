package io.millrace.client;

import static io.millrace.client.Clients.bytes;
import static io.millrace.client.LeakCheck.assertWithin;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class MessagesIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

    @Test
    void sessionIsToldOfOpenThenMessagesThenCloseOnce() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(recording(server.port()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        assertEquals("open", next());

        assertEquals(SendResult.ACCEPTED, session.send(bytes("one")));
        assertEquals(SendResult.ACCEPTED, session.send(bytes("two")));
        assertEquals("one", next());
        assertEquals("two", next());
        session.close();
        session.close();
        session.abort();

        assertEquals(CloseReason.Kind.LOCAL, next());
        awaitSoon("session left", () -> client.sessionCount() == 0);
        assertNull(events.poll());
        assertFalse(session.isOpen());
        assertEquals(SendResult.CLOSED, session.send(bytes("late")));
    }

    @Test
    void eachConnectOpensASessionOfItsOwn() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(recording(server.port()).build());
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sessions.add(client.connect().get(10, TimeUnit.SECONDS));
        }

        assertEquals(10, client.sessionCount());
        sessions.get(3).abort();

        awaitSoon("one ended", () -> client.sessionCount() == 9);
        assertEquals(9, sessions.stream().filter(Session::isOpen).count());
        assertTrue(sessions.get(0).send(bytes("alive")).isAccepted());
    }

    @Test
    void messagesSentFromOnOpenGoFirst() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(recording(peer.port())
                .onOpen(session -> session.send(bytes("greeting")))
                .build());

        Session session = client.connect().get(10, TimeUnit.SECONDS);
        session.send(bytes("second"));

        RawServer.Connection connection = leaks.close(peer.accept());
        assertEquals("greeting", connection.receiveText());
        assertEquals("second", connection.receiveText());
    }

    @Test
    void peerThatClosesEndsTheSessionWithPeerAndOneThatResetsWithReset() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(recording(peer.port()).build());

        client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(peer.accept()).close();
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.PEER, next());

        client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(peer.accept()).reset();
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.RESET, next());
    }

    @Test
    void requestOnASessionOfMessagesSaysWhatToDo() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(recording(server.port()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        IllegalStateException refused = assertThrows(
                IllegalStateException.class, () -> session.request(ByteBuffer.allocate(1), Duration.ofSeconds(1)));

        assertTrue(refused.getMessage().contains("without onMessage"), refused.getMessage());
    }

    @Test
    void closeSendsWhatIsQueuedAndEndsEverySession() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(recording(peer.port()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        RawServer.Connection connection = leaks.close(peer.accept());
        session.send(new byte[3 << 20]);
        Thread closing = new Thread(client::close);
        closing.start();

        assertEquals(3 << 20, connection.receive().length);
        assertEquals(-1, connection.read());
        connection.close();

        closing.join(10_000);
        assertFalse(closing.isAlive());
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.SHUTDOWN, next());
    }

    @Test
    void closeCutsAPeerThatDoesNotReadAtTheDrainTimeout() throws Exception {
        RawServer peer = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(
                recording(peer.port()).drainTimeout(Duration.ofMillis(300)).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(peer.accept());
        session.send(new byte[8 << 20]);
        long start = System.nanoTime();

        client.close();
        client.close();

        assertWithin(Duration.ofSeconds(2), start);
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.SHUTDOWN, next());
        assertNull(events.poll());
    }

    @Test
    void closingTheGroupClosesItsClients() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        IoGroup group = leaks.watch(IoGroup.start());
        TcpClient client = leaks.watch(recording(server.port()).group(group).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        group.close();

        assertFalse(session.isOpen());
        assertEquals(0, client.sessionCount());
        assertEquals("open", next());
        assertEquals(CloseReason.Kind.SHUTDOWN, next());
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private TcpClientBuilder recording(int port) {
        return Clients.to(port)
                .onOpen(session -> events.add("open"))
                .onMessage((session, message) ->
                        events.add(StandardCharsets.UTF_8.decode(message).toString()))
                .onClose((session, reason) -> events.add(reason.kind()));
    }
}
