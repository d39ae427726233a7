package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.assertWithin;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ConnectTimeoutException;
import io.millrace.core.IoGroup;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ConnectIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void refusedConnectFailsAtOnceNamingTheAddress() throws Exception {
        int deadPort = deadPort();
        TcpClient client = leaks.watch(Clients.to(deadPort).build());
        long start = System.nanoTime();

        TransportException refused = assertThrows(TransportException.class, () -> client.call(new byte[1], LONG));

        assertWithin(Duration.ofSeconds(2), start);
        assertTrue(refused.getMessage().contains("127.0.0.1:" + deadPort), refused.getMessage());
        assertInstanceOf(ConnectException.class, refused.getCause());
        assertInstanceOf(TransportException.class, failureOf(client.connect()));
        assertEquals(0, client.sessionCount());
    }

    /** Returns a port that nobody listens on, and nobody can: an accepted socket still holds it. */
    private int deadPort() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            leaks.close(new Socket(listener.getInetAddress(), listener.getLocalPort()));
            leaks.close(listener.accept());
            return listener.getLocalPort();
        }
    }

    @Test
    void unknownHostFailsNamingIt() throws Exception {
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("no-such-host.invalid", 1)
                .build());

        TransportException unknown = assertThrows(TransportException.class, () -> client.call(new byte[1], LONG));

        assertTrue(unknown.getMessage().contains("no-such-host.invalid"), unknown.getMessage());
        assertInstanceOf(UnknownHostException.class, unknown.getCause());
    }

    @Test
    void nextAddressOfTheNameIsTriedWhenOneRefuses() throws Exception {
        // The name has an IPv4 and, on most machines, an IPv6 address; the server listens on one of them only.
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("localhost", server.port())
                .build());

        assertEquals("found", ask(client, "found"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void connectThatIsNotAnsweredTimesOutAndFreesItsDescriptor() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(
                Clients.to(full.port()).connectTimeout(Duration.ofSeconds(1)).build());
        long descriptors = LeakCheck.socketDescriptors();
        long start = System.nanoTime();

        Throwable failure = failureOf(client.connect());

        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertInstanceOf(ConnectTimeoutException.class, failure);
        assertTrue(failure.getMessage().contains("127.0.0.1:" + full.port()), failure.getMessage());
        assertTrue(millis >= 1000 && millis <= 1200, "timed out after " + millis + " ms");
        awaitSoon("descriptor freed", () -> LeakCheck.socketDescriptors() == descriptors);
        assertEquals(0, client.sessionCount());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void requestTimesOutWhileTheConnectionIsStillBeingMade() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(Clients.to(full.port()).build());

        RequestTimeoutException timeout =
                assertThrows(RequestTimeoutException.class, () -> client.call(new byte[1], Duration.ofMillis(200)));

        assertTrue(timeout.getMessage().contains("not sent"), timeout.getMessage());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closeWhileConnectingFailsTheFutureAndFreesTheDescriptor() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        IoGroup group = leaks.watch(IoGroup.start());
        TcpClient client = Clients.to(full.port()).group(group).build();
        long descriptors = LeakCheck.socketDescriptors();
        CompletableFuture<Session> connecting = client.connect();
        CompletableFuture<ByteBuffer> reply = client.request(bytes("waits"), LONG);
        awaitSoon("connecting", () -> LeakCheck.socketDescriptors() == descriptors + 2);
        long start = System.nanoTime();

        client.close();

        assertWithin(Duration.ofMillis(500), start);
        assertInstanceOf(TransportException.class, failureOf(connecting));
        assertInstanceOf(TransportException.class, failureOf(reply));
        awaitSoon("descriptors freed", () -> LeakCheck.socketDescriptors() == descriptors);
        assertEquals(0, client.sessionCount());
    }

    @Test
    void connectAndRequestAfterTheCloseFail() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = Clients.to(server.port()).build();
        client.close();

        assertEquals("the client is closed", failureOf(client.connect()).getMessage());
        assertEquals(
                "the client is closed",
                failureOf(client.request(new byte[1], LONG)).getMessage());
    }

    @Test
    void connectOfClientWhoseMemoryIsShortFailsAndCanBeTriedAgain() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        IoGroup group = leaks.watch(IoGroup.builder().maxSessions(1).start());
        TcpClient client = leaks.watch(Clients.to(server.port()).group(group).build());
        Session first = client.connect().get(10, TimeUnit.SECONDS);

        TransportException refused = assertInstanceOf(TransportException.class, failureOf(client.connect()));

        assertTrue(refused.getMessage().contains("raise maxSessions"), refused.getMessage());
        first.abort();
        awaitSoon("first ended", () -> client.sessionCount() == 0);
        assertTrue(client.connect().get(10, TimeUnit.SECONDS).isOpen());
    }
}
