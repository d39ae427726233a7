package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.core.Session;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which clients come in by which address, on a machine that has both families. */
@Tag("engine")
class DualStackIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @BeforeEach
    void needsBothFamilies() throws IOException {
        boolean hasBoth = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress());
        assumeTrue(hasBoth, "there is no IPv6 here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"::", "0.0.0.0", ""})
    void wildcardOfAnyFamilyTakesClientsOfBothAndShowsTheirOwnAddresses(String wildcard) throws Exception {
        TcpServer server =
                leaks.watch(wildcard.isEmpty() ? builder().bind(0) : builder().bind(wildcard, 0));

        assertEquals("127.0.0.1", ask(server, "127.0.0.1"));
        assertEquals("0:0:0:0:0:0:0:1", ask(server, "::1"));

        assertEquals(2, server.sessions().size());
        for (Session session : server.sessions()) {
            InetAddress remote = session.remoteAddress().getAddress();
            assertEquals(remote.getHostAddress().equals("127.0.0.1"), remote instanceof Inet4Address, remote::toString);
        }
    }

    @Test
    void wildcardsExcludeEachOtherOnOnePort() throws Exception {
        TcpServer server = leaks.watch(builder().bind("0.0.0.0", 0));

        assertThrows(TransportException.class, () -> builder().bind("::", server.port()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void addressOfOneFamilyTakesItsOwnOnly(String host) throws Exception {
        TcpServer server = leaks.watch(builder().bind(host, 0));
        String other = host.equals("::1") ? "127.0.0.1" : "::1";

        ask(server, host);
        assertThrows(ConnectException.class, () -> ask(server, other));
    }

    @Test
    void settingsNameSeveralHosts() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("host", "127.0.0.1, ::1");
        properties.setProperty("port", "0");
        TcpServer server =
                leaks.watch(builder().settings(Settings.of(properties, "test")).bind());

        assertEquals(2, server.localAddresses().size());
        for (InetSocketAddress address : server.localAddresses()) {
            leaks.close(RawClient.to(address, 0)).ask("hello");
        }
    }

    private String ask(TcpServer server, String host) throws IOException {
        return leaks.close(RawClient.to(new InetSocketAddress(host, server.port()), 0))
                .ask("who am I?");
    }

    /** Tells each client its address. */
    private static TcpServerBuilder builder() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(
                        session.remoteAddress().getAddress().getHostAddress().getBytes(StandardCharsets.UTF_8)));
    }
}
