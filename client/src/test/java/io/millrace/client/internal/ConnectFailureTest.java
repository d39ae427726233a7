package io.millrace.client.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
import io.millrace.core.ConnectTimeoutException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectFailureTest {
    private static InetSocketAddress at(int... host) throws IOException {
        byte[] bytes = new byte[host.length];
        for (int i = 0; i < host.length; i++) {
            bytes[i] = (byte) host[i];
        }
        return new InetSocketAddress(InetAddress.getByAddress("server.example", bytes), 9000);
    }

    private static final int[] LOOPBACK_V6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    static Stream<Arguments> reports() {
        return Stream.of(
                Arguments.of(new ConnectException("Connection refused"), Kind.REFUSED),
                Arguments.of(new IOException("The remote computer refused the network connection"), Kind.REFUSED),
                Arguments.of(new ConnectException("Verbindungsaufbau abgelehnt"), Kind.REFUSED),
                Arguments.of(new ConnectException("Connection timed out"), Kind.TIMED_OUT),
                Arguments.of(new IOException("The semaphore timeout period has expired"), Kind.TIMED_OUT),
                Arguments.of(new NoRouteToHostException("No route to host"), Kind.UNREACHABLE),
                Arguments.of(new SocketException("Network is unreachable"), Kind.UNREACHABLE),
                Arguments.of(new ConnectException("Network is unreachable"), Kind.UNREACHABLE),
                Arguments.of(new IOException("The network location cannot be reached"), Kind.UNREACHABLE),
                Arguments.of(new SocketException("Protocol family unavailable"), Kind.UNREACHABLE),
                Arguments.of(new UnsupportedAddressTypeException(), Kind.UNREACHABLE),
                Arguments.of(new SocketException("Connection reset by peer"), Kind.RESET),
                Arguments.of(new IOException("Connection reset"), Kind.RESET),
                Arguments.of(new UnknownHostException("nowhere"), Kind.UNRESOLVED),
                Arguments.of(new UnresolvedAddressException(), Kind.UNRESOLVED),
                Arguments.of(new BindException("Cannot assign requested address"), Kind.LOCAL),
                Arguments.of(new SocketException("Too many open files"), Kind.LOCAL),
                Arguments.of(new SocketException("Operation not permitted"), Kind.LOCAL),
                Arguments.of(new IOException("out of luck"), Kind.OTHER),
                Arguments.of(new IOException(), Kind.OTHER),
                Arguments.of(new ShutdownChannelGroupException(), Kind.OTHER));
    }

    @ParameterizedTest
    @MethodSource("reports")
    void whatTheJdkReportsIsToldApart(Exception report, Kind kind) {
        assertEquals(kind, ConnectFailure.kindOf(report));
    }

    @Test
    void failureOfOneAddressNamesEndpointAddressReportAndRemedy() throws Exception {
        ConnectException report = new ConnectException("Connection refused");

        ConnectFailedException failure = ConnectFailure.all(
                new Endpoint("server.example", 9000), List.of(ConnectFailure.of(at(192, 0, 2, 1), report)));

        assertEquals(
                "cannot connect to server.example:9000 (192.0.2.1:9000): refused (Connection refused); start the server"
                        + " there, or check host and port",
                failure.getMessage());
        assertEquals(Kind.REFUSED, failure.kind());
        assertEquals(List.of(at(192, 0, 2, 1)), failure.addresses());
        assertSame(report, failure.getCause());
        assertFalse(failure.maybeSent());
    }

    @Test
    void addressThatIsTheEndpointsOwnIsNamedOnce() throws Exception {
        ConnectFailedException failure = ConnectFailure.all(
                new Endpoint("192.0.2.1", 9000),
                List.of(ConnectFailure.noAnswer(
                        at(192, 0, 2, 1), Duration.ofSeconds(2).toNanos())));

        assertEquals(
                "cannot connect to 192.0.2.1:9000: no answer within 2000 ms; check that the host is up, takes"
                        + " connections and is not behind a firewall that drops them, or raise connectTimeout",
                failure.getMessage());
        assertInstanceOf(ConnectTimeoutException.class, failure);
        assertNull(failure.getCause());
    }

    @Test
    void failureOfSeveralAddressesNamesThemAllAndKeepsEveryReport() throws Exception {
        IOException first = new SocketException("Network is unreachable");
        IOException third = new BindException("Cannot assign requested address");

        ConnectFailedException failure = ConnectFailure.all(
                new Endpoint("server.example", 9000),
                List.of(
                        ConnectFailure.of(at(LOOPBACK_V6), first),
                        ConnectFailure.self(at(192, 0, 2, 1)),
                        ConnectFailure.of(at(192, 0, 2, 2), third)));

        assertEquals(
                "cannot connect to server.example:9000: [0:0:0:0:0:0:0:1]:9000 unreachable (Network is unreachable),"
                        + " 192.0.2.1:9000 refused (nobody listens, so the system connected the port to itself),"
                        + " 192.0.2.2:9000 this machine has no means for it (Cannot assign requested address); keep"
                        + " connections open longer, or give the system more local ports",
                failure.getMessage());
        assertEquals(Kind.LOCAL, failure.kind());
        assertEquals(List.of(at(LOOPBACK_V6), at(192, 0, 2, 1), at(192, 0, 2, 2)), failure.addresses());
        assertSame(third, failure.getCause());
        assertArrayEquals(new Throwable[] {first}, failure.getSuppressed());
    }

    @Test
    void missingDescriptorHasARemedyOfItsOwn() {
        ConnectFailedException failure =
                ConnectFailure.before(new Endpoint("server.example", 9000), new SocketException("Too many open files"));

        assertEquals(
                "cannot connect to server.example:9000: this machine has no means for it (Too many open files); raise"
                        + " the limit of open files, or use fewer connections",
                failure.getMessage());
        assertEquals(Kind.LOCAL, failure.kind());
        assertEquals(List.of(), failure.addresses());
    }
}
