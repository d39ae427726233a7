package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where connections come from. */
@Tag("engine")
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs all of 127.0.0.0/8 to be local")
class LocalAddressIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private ConnectFailedException connectFailureOf(TcpClientBuilder builder) throws Exception {
        TcpClient client = leaks.watch(builder.build());
        long descriptors = LeakCheck.socketDescriptors();

        ConnectFailedException failure = assertInstanceOf(ConnectFailedException.class, failureOf(client.connect()));

        awaitSoon("descriptor freed", () -> LeakCheck.socketDescriptors() <= descriptors);
        assertEquals(0, client.sessionCount());
        return failure;
    }

    @Test
    void connectionsComeFromTheLocalAddress() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) ->
                        session.send(Clients.bytes(session.remoteAddress().toString())))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(Clients.to(server.port())
                .localAddress(new InetSocketAddress("127.0.0.5", 0))
                .build());

        assertTrue(ask(client, "who am I?").startsWith("/127.0.0.5:"));
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        assertEquals("127.0.0.5", session.localAddress().getHostString());
    }

    @Test
    void wildcardAddressLeavesTheChoiceToTheSystem() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(
                Clients.to(server.port()).localAddress(new InetSocketAddress(0)).build());

        assertEquals("found", ask(client, "found"));
    }

    @Test
    void addressOfAnotherMachineIsRefusedAndNamed() throws Exception {
        ConnectFailedException failure =
                connectFailureOf(Clients.to(1).localAddress(new InetSocketAddress("192.0.2.1", 0)));

        assertEquals(Kind.LOCAL, failure.kind());
        assertInstanceOf(BindException.class, failure.getCause());
        assertTrue(
                failure.getMessage().startsWith("cannot connect to 127.0.0.1:1 from localAddress 192.0.2.1:0: "),
                failure.getMessage());
    }

    @Test
    void portThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.5"))) {
            ConnectFailedException failure = connectFailureOf(
                    Clients.to(1).localAddress(new InetSocketAddress("127.0.0.5", taken.getLocalPort())));

            assertEquals(Kind.LOCAL, failure.kind());
            assertTrue(failure.getMessage().contains("127.0.0.5:" + taken.getLocalPort()), failure.getMessage());
        }
    }

    @Test
    void onlyAddressesOfTheSameFamilyAreTried() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClientBuilder builder = TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("server.example", server.port())
                .localAddress(new InetSocketAddress("127.0.0.5", 0));
        InetAddress six = InetAddress.getByName("2001:db8::1");

        TcpClient client = leaks.watch(builder.nameResolver(host -> List.of(six, InetAddress.getByName("127.0.0.1")))
                .build());
        ConnectFailedException failure = connectFailureOf(builder.nameResolver(host -> List.of(six)));

        assertEquals("found", ask(client, "found"));
        assertEquals(Kind.LOCAL, failure.kind());
        assertTrue(failure.getMessage().contains("it is not of the family of [/2001:db8:"), failure.getMessage());
    }

    @Test
    void connectionThatReachesItselfIsTakenForRefused() throws Exception {
        // Ephemeral ports that are free meet the dead port by chance; a local port that is chosen meets it always.
        InetSocketAddress dead = new InetSocketAddress("127.0.0.77", 9_877);

        ConnectFailedException failure = connectFailureOf(TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint(dead.getHostString(), dead.getPort())
                .localAddress(dead));

        assertEquals(Kind.SELF, failure.kind());
        assertTrue(failure.getMessage().contains("refused (nobody listens"), failure.getMessage());
        assertEquals(List.of(dead), failure.addresses());
    }
}
