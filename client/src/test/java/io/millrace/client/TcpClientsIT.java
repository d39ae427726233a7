package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.IoGroup;
import io.millrace.core.SessionConfig;
import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import io.millrace.core.SocketConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TcpClientsIT {
    private static final BiConsumer<String, TcpClientBuilder> FRAMED =
            (name, client) -> client.protocol(Protocol.lengthPrefixed());

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static Settings settings(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty("client." + keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.of(properties, "test").section("client");
    }

    private static String local(int port) {
        return "127.0.0.1:" + port;
    }

    private TcpClients open(Settings settings) throws Exception {
        return leaks.close(TcpClients.open(settings, FRAMED));
    }

    private TcpServer serverNamed(String name) throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(bytes(name)))
                .bind("127.0.0.1", 0));
    }

    @Test
    void eachSectionIsAClientWithItsOwnEndpointAndSettings() throws Exception {
        TcpServer first = serverNamed("first");
        TcpServer second = serverNamed("second");

        TcpClients clients = open(settings(
                "prices.endpoint", local(second.localAddress().getPort()),
                "prices.sessions.socket.keepAlive", "true",
                "orders.endpoint", local(first.localAddress().getPort())));

        assertEquals("first", ask(clients.client("orders"), "who?"));
        assertEquals("second", ask(clients.client("prices"), "who?"));
        assertEquals(Set.of("orders", "prices"), clients.names());
        assertSame(
                leaks.watch(clients.client("orders")).group(),
                clients.client("prices").group());
    }

    @Test
    void clientWhoseSectionSetsThreadsHasAGroupOfItsOwn() throws Exception {
        String server = local(serverNamed("here").localAddress().getPort());

        TcpClients clients = open(settings("a.endpoint", server, "b.endpoint", server, "b.threads", "1"));

        IoGroup own = leaks.watch(clients.client("b")).group();
        assertNotSame(clients.client("a").group(), own);
        assertEquals(1, own.stats().threads());
        assertEquals("here", ask(clients.client("b"), "who?"));
    }

    @Test
    void clientThatIsClosedLeavesTheOthersAtWork() throws Exception {
        String server = local(serverNamed("here").localAddress().getPort());
        TcpClients clients = open(settings("a.endpoint", server, "b.endpoint", server));
        ask(clients.client("a"), "who?");

        clients.client("a").close();

        assertEquals("here", ask(clients.client("b"), "who?"));
    }

    @Test
    void clientWithAGroupOfItsOwnKeepsItAndDoesNotCloseIt() throws Exception {
        String server = local(serverNamed("here").localAddress().getPort());
        IoGroup own = leaks.watch(IoGroup.start());
        TcpClients clients =
                leaks.close(TcpClients.open(settings("a.endpoint", server, "b.endpoint", server), (name, client) -> {
                    client.protocol(Protocol.lengthPrefixed());
                    if (name.equals("a")) {
                        client.group(own);
                    }
                }));
        assertSame(own, clients.client("a").group());
        assertNotSame(own, clients.client("b").group());

        clients.close();

        TcpClient later = leaks.watch(
                Clients.to(Integer.parseInt(server.substring(10))).group(own).build());
        assertEquals("here", ask(later, "who?"));
    }

    @Test
    void allThatIsWrongInAnyClientIsNamedAtOnceAndNothingIsStarted() {
        List<String> customised = new ArrayList<>();
        SettingsException refused = assertThrows(
                SettingsException.class,
                () -> TcpClients.open(
                        settings(
                                "a.endpoint", "nowhere",
                                "b.endpoint", "b:1",
                                "b.pool.minIdel", "1",
                                "conectTimeout", "1s"),
                        (name, client) -> customised.add(name)));

        assertEquals(
                List.of(
                        "client.a.endpoint = nowhere: it must be host:port, such as localhost:9000 or [::1]:9000",
                        "client.b.pool.minIdel = 1: it is not known; the closest known key is client.b.pool.minIdle",
                        "client.conectTimeout = 1s: it is not known; known in client.* are a.*, b.*"),
                refused.problems());
        assertEquals(List.of("a", "b"), customised);
    }

    @Test
    void clientThatLacksSomethingIsNamedBeforeAnythingIsStarted() {
        assertEquals(
                "client b: protocol is not set: call protocol(...)",
                assertThrows(
                                IllegalStateException.class,
                                () -> TcpClients.open(
                                        settings("a.endpoint", "a:1", "b.endpoint", "b:1"), (name, client) -> {
                                            if (name.equals("a")) {
                                                client.protocol(Protocol.lines());
                                            }
                                        }))
                        .getMessage());
        assertEquals(
                "client a: connectTimeout is PT0S; it must be more than zero",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> TcpClients.open(settings("a.endpoint", "a:1"), (name, client) -> client.protocol(
                                                Protocol.lines())
                                        .connectTimeout(Duration.ZERO)))
                        .getMessage());
    }

    @Test
    void clientThatTheSystemRefusesClosesThoseBeforeIt() {
        SocketOption<Boolean> unknown = new SocketOption<>() {
            @Override
            public String name() {
                return "TCP_TELEPATHY";
            }

            @Override
            public Class<Boolean> type() {
                return Boolean.class;
            }
        };
        SessionConfig refusedByTheSystem = SessionConfig.builder()
                .socket(SocketConfig.builder().option(unknown, true).build())
                .build();

        // The check after the test sees whether threads are left.
        assertThrows(
                IllegalArgumentException.class,
                () -> TcpClients.open(settings("a.endpoint", "a:1", "b.endpoint", "b:1"), (name, client) -> {
                    client.protocol(Protocol.lines());
                    if (name.equals("b")) {
                        client.sessions(refusedByTheSystem);
                    }
                }));
    }

    @Test
    void fileOverrulesTheCode() throws Exception {
        TcpServer server = serverNamed("here");
        TcpClients clients = leaks.close(TcpClients.open(
                settings("a.endpoint", local(server.localAddress().getPort())),
                (name, client) -> client.protocol(Protocol.lengthPrefixed()).endpoint("127.0.0.1", 1)));

        assertEquals("here", ask(clients.client("a"), "who?"));
    }

    @Test
    void clientThatIsNotThereIsRefusedWithTheClosestOrAll() throws Exception {
        TcpClients clients = open(settings("orders.endpoint", "a:1", "prices.endpoint", "b:1"));

        assertEquals(
                "there is no client order; the closest is orders",
                assertThrows(IllegalArgumentException.class, () -> clients.client("order"))
                        .getMessage());
        assertEquals(
                "there is no client x; there are [orders, prices]",
                assertThrows(IllegalArgumentException.class, () -> clients.client("x"))
                        .getMessage());
    }

    @Test
    void fileWithoutClientsOpensNone() throws Exception {
        TcpClients clients = open(settings());

        assertEquals(Set.of(), clients.names());
        assertEquals("TcpClients{}", clients.toString());
    }

    @Test
    void closeClosesAllAtTheSameTimeThoughOneTakesLong() throws Exception {
        RawServer slow = leaks.close(RawServer.start(0, 4096));
        RawServer idle = leaks.close(RawServer.start());
        TcpClients clients = open(
                settings("a.endpoint", local(slow.port()), "a.drainTimeout", "1min", "b.endpoint", local(idle.port())));
        byte[] large = new byte[3 << 20];
        CompletableFuture<ByteBuffer> late = clients.client("a").request(large, Duration.ofMinutes(1));
        CompletableFuture<ByteBuffer> answered = clients.client("b").request(bytes("b?"), Duration.ofMinutes(1));
        try (RawServer.Connection a = slow.accept();
                RawServer.Connection b = idle.accept()) {
            b.receiveText();
            b.send("b!");
            assertEquals("b!", text(answered));

            CompletableFuture<Void> closed = CompletableFuture.runAsync(clients::close);

            assertEquals(-1, b.read(), "the second client has closed");
            assertFalse(closed.isDone(), "while the first still has a request in flight");
            assertEquals(large.length, a.receive().length);
            a.send("a!");
            assertEquals(-1, a.read());
            a.close();
            b.close();
            closed.get(20, TimeUnit.SECONDS);
            assertEquals("a!", text(late));
        }
    }

    @Test
    void closeOnAnIoThreadStartsItAndReturns() throws Exception {
        TcpServer server = serverNamed("here");
        TcpClients clients =
                open(settings("a.endpoint", local(server.localAddress().getPort())));

        clients.client("a")
                .request(bytes("who?"), Clients.LONG)
                .thenAccept(reply -> clients.close())
                .get(20, TimeUnit.SECONDS);
        clients.close();

        assertEquals(0, clients.client("a").sessionCount());
    }
}
