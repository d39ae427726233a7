package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.HeartbeatConfig;
import io.millrace.core.SessionConfig;
import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import io.millrace.core.SocketConfig;
import io.millrace.core.protocol.Protocol;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpClientBuilderTest {
    // A refused setting must not leave a group running.
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void buildWithoutProtocolNamesIt() {
        TcpClientBuilder builder = TcpClient.builder().endpoint("localhost", 1);

        IllegalStateException refused = assertThrows(IllegalStateException.class, builder::build);

        assertEquals("protocol is not set: call protocol(...)", refused.getMessage());
    }

    @Test
    void buildWithoutEndpointNamesIt() {
        TcpClientBuilder builder = TcpClient.builder().protocol(Protocol.lengthPrefixed());

        IllegalStateException refused = assertThrows(IllegalStateException.class, builder::build);

        assertEquals("endpoint is not set: call endpoint(...)", refused.getMessage());
    }

    @Test
    void socketOptionThatIsNotSupportedIsRefusedByName() {
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
        SessionConfig config = SessionConfig.builder()
                .socket(SocketConfig.builder().option(unknown, true).build())
                .build();

        String message = refusal(Clients.to(1).sessions(config));

        assertTrue(message.startsWith("socket option TCP_TELEPATHY=true cannot be set: "), message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65_536})
    void portOutOfRangeIsNamedWithTheRange(int port) {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> TcpClient.builder().endpoint("localhost", port));

        assertEquals("port is " + port + "; it must be from 1 to 65535", refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void timeoutThatIsNotPositiveIsNamed(long seconds) {
        Duration timeout = Duration.ofSeconds(seconds);

        String connect = refusal(Clients.to(1).connectTimeout(timeout));
        String drain = refusal(Clients.to(1).drainTimeout(timeout));

        assertTrue(connect.startsWith("connectTimeout is "), connect);
        assertTrue(drain.startsWith("drainTimeout is "), drain);
    }

    private static String refusal(TcpClientBuilder builder) {
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    @Test
    void requestThatCannotBeIsRefusedBeforeAnythingIsConnected() throws Exception {
        TcpClient client = leaks.watch(Clients.to(1).build());

        assertThrows(IllegalArgumentException.class, () -> client.request(new byte[1], Duration.ZERO));
        assertThrows(
                IllegalArgumentException.class,
                () -> client.request(ByteBuffer.allocate((16 << 20) + 1), Duration.ofSeconds(1)));
        assertEquals(0, client.sessionCount());
    }

    @Test
    void requestThatWouldBeTakenForAHeartbeatIsRefusedBeforeAnythingIsConnected() throws Exception {
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("localhost", 1)
                .sessions(SessionConfig.builder()
                        .heartbeat(HeartbeatConfig.every(Duration.ofSeconds(30)))
                        .build())
                .build());

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> client.request(new byte[0], Duration.ofSeconds(1)));

        assertTrue(String.valueOf(refused.getMessage()).contains("heartbeat"), refused.getMessage());
        assertEquals(0, client.stats().connections());
    }

    @Test
    void emptyHostIsRefusedByName() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> TcpClient.builder().endpoint("", 80));

        assertEquals("host is ''; it must be a name or an address, such as localhost", refused.getMessage());
    }

    @Test
    void requestOnAClientBuiltWithOnMessageSaysWhatToDo() throws Exception {
        TcpClient client =
                leaks.watch(Clients.to(1).onMessage((session, message) -> {}).build());

        IllegalStateException refused =
                assertThrows(IllegalStateException.class, () -> client.request(new byte[1], Duration.ofSeconds(1)));

        assertTrue(refused.getMessage().contains("onMessage, onPart or onRequest"), refused.getMessage());
    }

    @Test
    void requestOnAProtocolWithoutFramesSaysWhatToDo() throws Exception {
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.raw())
                .endpoint("localhost", 1)
                .build());

        IllegalStateException refused =
                assertThrows(IllegalStateException.class, () -> client.request(new byte[1], Duration.ofSeconds(1)));

        assertTrue(refused.getMessage().contains("choose a protocol that has"), refused.getMessage());
    }

    @Test
    void severalClientsCanBeSetUpFromOneFile() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("client.orders.endpoint", "127.0.0.1:1");
        properties.setProperty("client.orders.connectTimeout", "1s");
        properties.setProperty("client.orders.drainTimeout", "2s");
        properties.setProperty("client.orders.sessions.sendLimit", "1MiB");
        properties.setProperty("client.prices.endpoint", "[::1]:2");
        Settings settings = Settings.of(properties, "test").section("client");

        List<String> clients = new ArrayList<>();
        for (String profile : settings.sections()) {
            clients.add(leaks.watch(TcpClient.builder()
                            .settings(settings.section(profile))
                            .protocol(Protocol.millrace())
                            .build())
                    .toString());
        }

        assertTrue(clients.get(0).startsWith("TcpClient[127.0.0.1:1, "), clients.toString());
        assertTrue(clients.get(1).startsWith("TcpClient[[::1]:2, "), clients.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, it must be host:port",
        ":1, it must be host:port",
        "a:b, it must be host:port",
        "a:0, port is 0; it must be from 1 to 65535"
    })
    void endpointOfAnotherShapeIsRefusedWithExamples(String text, String expected) {
        Properties properties = new Properties();
        properties.setProperty("endpoint", text);

        String message = assertThrows(
                        SettingsException.class, () -> TcpClient.builder().settings(Settings.of(properties, "test")))
                .getMessage();

        assertTrue(message.startsWith("test: endpoint = " + text + ": " + expected), message);
    }

    @Test
    void localAddressAndTimeOfTheLookupComeFromSettings() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("endpoint", "127.0.0.1:1");
        properties.setProperty("localAddress", "127.0.0.1:0");
        properties.setProperty("resolveTimeout", "1s");

        leaks.watch(TcpClient.builder()
                .settings(Settings.of(properties, "test"))
                .protocol(Protocol.millrace())
                .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", ":1", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1"})
    void localAddressOfAnotherShapeIsRefusedWithExamples(String text) {
        Properties properties = new Properties();
        properties.setProperty("localAddress", text);

        String message = assertThrows(
                        SettingsException.class, () -> TcpClient.builder().settings(Settings.of(properties, "test")))
                .getMessage();

        assertTrue(message.contains("such as 127.0.0.1:0 or [::1]:0"), message);
    }

    @Test
    void localAddressThatIsNotResolvedIsRefused() {
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("somewhere", 0);

        String message = assertThrows(IllegalArgumentException.class, () -> TcpClient.builder()
                        .localAddress(unresolved))
                .getMessage();

        assertTrue(message.startsWith("localAddress is somewhere/<unresolved>:0"), message);
    }

    @Test
    void durationsOutOfRangeInSettingsAreNamedTogetherWithTheirKeys() {
        Properties properties = new Properties();
        properties.setProperty("connectTimeout", "0");
        properties.setProperty("drainTimeout", "0s");
        properties.setProperty("resolveTimeout", "0");

        SettingsException refused = assertThrows(
                SettingsException.class, () -> TcpClient.builder().settings(Settings.of(properties, "test")));

        assertEquals(
                List.of(
                        "connectTimeout = 0: connectTimeout is PT0S; it must be more than zero",
                        "resolveTimeout = 0: resolveTimeout is PT0S; it must be more than zero",
                        "drainTimeout = 0s: drainTimeout is PT0S; it must be more than zero"),
                refused.problems());
    }

    @Test
    void clientNamesItsEndpointAndProtocol() throws Exception {
        TcpClient client = leaks.watch(Clients.to(4711).build());

        assertTrue(client.toString().contains("127.0.0.1:4711"), client.toString());
    }
}
