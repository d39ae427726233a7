package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.assertWithin;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
        // C01: the listener has gone, and a connection that it had accepted keeps the port from everybody else.
        ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        Socket bystander = leaks.close(new Socket(listener.getInetAddress(), listener.getLocalPort()));
        Socket accepted = leaks.close(listener.accept());
        int deadPort = listener.getLocalPort();
        listener.close();
        TcpClient client = leaks.watch(Clients.to(deadPort).build());
        long descriptors = LeakCheck.socketDescriptors();
        long start = System.nanoTime();

        ConnectFailedException refused = assertInstanceOf(ConnectFailedException.class, failureOf(client.connect()));

        assertWithin(Duration.ofSeconds(2), start);
        assertEquals(Kind.REFUSED, refused.kind());
        assertTrue(refused.getMessage().contains("127.0.0.1:" + deadPort), refused.getMessage());
        assertInstanceOf(ConnectException.class, refused.getCause());
        assertFalse(refused.maybeSent());
        assertFalse(assertThrows(TransportException.class, () -> client.call(new byte[1], LONG))
                .maybeSent());
        assertEquals(0, client.sessionCount());
        awaitSoon("descriptors freed", () -> LeakCheck.socketDescriptors() <= descriptors);
        bystander.getOutputStream().write(42);
        assertEquals(42, accepted.getInputStream().read());
    }

    @Test
    void unknownHostFailsNamingIt() throws Exception {
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("no-such-host.invalid", 1)
                .build());

        ConnectFailedException unknown = assertInstanceOf(ConnectFailedException.class, failureOf(client.connect()));

        assertEquals(Kind.UNRESOLVED, unknown.kind());
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
                Clients.to(full.port()).connectTimeout(Duration.ofMillis(1500)).build());
        long descriptors = LeakCheck.socketDescriptors();
        long start = System.nanoTime();

        Throwable failure = failureOf(client.connect());

        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertInstanceOf(ConnectTimeoutException.class, failure);
        assertTrue(failure.getMessage().contains("127.0.0.1:" + full.port()), failure.getMessage());
        // C02: within ten per cent, and never early
        assertTrue(millis >= 1500 && millis <= 1650, "timed out after " + millis + " ms");
        awaitSoon("descriptor freed", () -> LeakCheck.socketDescriptors() == descriptors);
        assertEquals(0, client.sessionCount());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void answerThatComesWhenTheTimeIsUpIsEitherInTimeOrIgnored() throws Exception {
        // The system knocks again after a second; by then there is room, and it is answered as the deadlines pass.
        FullBacklog full = leaks.close(FullBacklog.create());
        IoGroup group = leaks.watch(IoGroup.start());
        long descriptors = LeakCheck.socketDescriptors();
        List<TcpClient> clients = new ArrayList<>();
        List<CompletableFuture<Session>> connecting = new ArrayList<>();
        for (int millis = 970; millis <= 1120; millis += 10) {
            TcpClient client = leaks.watch(Clients.to(full.port())
                    .group(group)
                    .connectTimeout(Duration.ofMillis(millis))
                    .build());
            clients.add(client);
            connecting.add(client.connect());
        }

        full.makeRoom(Duration.ofMillis(1300));

        for (int i = 0; i < clients.size(); i++) {
            Throwable failure =
                    connecting.get(i).handle((session, cause) -> cause).get(10, TimeUnit.SECONDS);
            if (failure != null) {
                assertInstanceOf(ConnectTimeoutException.class, failure);
                assertEquals(0, clients.get(i).stats().opened());
                assertEquals(0, clients.get(i).sessionCount());
            }
        }
        // resets those whom nobody has accepted, which would wait for the end of the stream
        full.close();
        clients.forEach(TcpClient::close);
        awaitSoon("descriptors freed", () -> LeakCheck.socketDescriptors() <= descriptors);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void connectThatIsCancelledFreesItsDescriptorAndTheClientGoesOn() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(Clients.to(full.port()).build());
        long descriptors = LeakCheck.socketDescriptors();
        CompletableFuture<Session> connecting = client.connect();
        AtomicInteger told = new AtomicInteger();
        connecting.whenComplete((session, failure) -> told.incrementAndGet());
        awaitSoon("connecting", () -> LeakCheck.socketDescriptors() == descriptors + 1);
        long start = System.nanoTime();

        connecting.cancel(false);

        awaitSoon("descriptor freed", () -> LeakCheck.socketDescriptors() == descriptors);
        assertWithin(Duration.ofMillis(500), start);
        awaitSoon("session counted out", () -> client.sessionCount() == 0);
        assertEquals(1, told.get());
        assertEquals(0, client.stats().connectFailures());
    }

    @Test
    void sessionWhoseConnectWasCancelledTooLateIsEnded() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        for (int i = 0; i < 200; i++) {
            CompletableFuture<Session> connecting = client.connect();
            if (i % 2 == 0) {
                Thread.yield();
            }
            if (!connecting.cancel(false)) {
                connecting.join().abort();
            }
        }

        awaitSoon("all sessions ended", () -> client.sessionCount() == 0);
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
        String refused = failureOf(client.request(new byte[1], LONG)).getMessage();
        assertTrue(refused.endsWith("the client is closed"), refused);
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
