package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.SessionConfig;
import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.admission.AdmissionConfig;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpServerBuilderTest {
    // A refused setting must not leave a group running.
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void bindWithoutProtocolNamesIt() {
        TcpServerBuilder builder = TcpServer.builder().onMessage((session, message) -> {});

        IllegalStateException refused = assertThrows(IllegalStateException.class, () -> builder.bind(0));

        assertEquals("protocol is not set: call protocol(...)", refused.getMessage());
    }

    @Test
    void bindWithoutOnMessageNamesIt() {
        TcpServerBuilder builder = TcpServer.builder().protocol(Protocol.lengthPrefixed());

        IllegalStateException refused = assertThrows(IllegalStateException.class, () -> builder.bind(0));

        assertEquals(
                "onMessage is not set, nor is onRequest: call one of them, or what comes in has no taker",
                refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 100_000_001})
    void maxConnectionsOutOfRangeIsNamedWithTheRange(int limit) {
        String message = refusal(complete().maxConnections(limit));

        assertEquals("maxConnections is " + limit + "; it must be from 1 to 100000000 connections", message);
    }

    @Test
    void settingsThatCouldDoNothingAreRefused() {
        assertEquals(
                "requestsInProgress is 5; it must be 0, because onRequest is not set and there are no requests to count",
                refusal(complete().requestsInProgress(5)));
        assertEquals(
                "requestLimit is 1; it must be 0, because onRequest is not set and there are no requests to count",
                refusal(complete()
                        .sessions(SessionConfig.builder().requestLimit(1).build())));
        assertEquals(
                "errorEncoder is set, but onRequest is not, so there are no errors to tell: set onRequest too",
                refusal(complete().errorEncoder((code, text) -> ByteBuffer.allocate(0))));
        assertEquals(
                "errorEncoder is set, but " + Protocol.millrace()
                        + " has error replies of its own: leave it out, and fail requests with Reply.fail",
                refusal(TcpServer.builder()
                        .protocol(Protocol.millrace())
                        .processor(bytes -> bytes)
                        .errorEncoder((code, text) -> ByteBuffer.allocate(0))));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1025})
    void threadsOutOfRangeAreNamedWithTheRange(int count) {
        assertEquals(
                "threads is " + count + "; it must be from 1 to 1024 threads",
                refusal(complete().threads(count)));
    }

    @Test
    void threadsOfASharedGroupAreSetWhereThatIsMade() throws TransportException {
        try (IoGroup group = IoGroup.builder().threads(1).jmx(false).start()) {
            TcpServerBuilder builder = complete().group(group).threads(2);

            IllegalStateException refused = assertThrows(IllegalStateException.class, () -> builder.bind(0));

            assertEquals(
                    "threads is 2, but the group is shared and has its own: set it where the group is made,"
                            + " or do without group()",
                    refused.getMessage());
        }
    }

    @Test
    void serverHasAsManyThreadsAsWereAskedFor() throws TransportException {
        try (TcpServer server = complete().threads(3).jmx(false).bind("127.0.0.1", 0)) {
            assertEquals(3, server.group().stats().threads());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65_536})
    void backlogOutOfRangeIsNamedWithTheRange(int length) {
        String message = refusal(complete().backlog(length));

        assertEquals("backlog is " + length + "; it must be from 1 to 65535 connections", message);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void drainTimeoutThatIsNotPositiveIsNamed(long seconds) {
        String message = refusal(complete().drainTimeout(Duration.ofSeconds(seconds)));

        assertTrue(message.startsWith("drainTimeout is "), message);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void portOutOfRangeIsNamed(int port) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> complete().bind(port));

        assertEquals("port is " + port + "; it must be from 0 (the system chooses) to 65535", refused.getMessage());
    }

    @Test
    void settingsThatAreWrongAreNamedAllAtOnce() {
        Properties properties = new Properties();
        properties.setProperty("server.port", "65536");
        properties.setProperty("server.maxConnections", "0");
        properties.setProperty("server.backlog", "65536");
        properties.setProperty("server.sessions.sendLimit", "1");
        properties.setProperty("server.listener.reuseport", "true");
        Settings section = Settings.of(properties, "test").section("server");

        SettingsException refused =
                assertThrows(SettingsException.class, () -> complete().settings(section));

        assertEquals(
                List.of(
                        "server.port = 65536: port is 65536; it must be from 0 (the system chooses) to 65535",
                        "server.maxConnections = 0: maxConnections is 0; it must be from 1 to 100000000 connections",
                        "server.backlog = 65536: backlog is 65536; it must be from 1 to 65535 connections",
                        "server.sessions.*: sendLimit is 1; it must be at least sendHighMark, 262144 bytes",
                        "server.listener.reuseport = true: it is not known; the closest known key is"
                                + " server.listener.reusePort"),
                refused.problems());
    }

    @Test
    void bindWithoutAPortSaysWhereToPutIt() {
        IllegalStateException refused =
                assertThrows(IllegalStateException.class, () -> complete().bind());

        assertEquals(
                "port is not set: put it into the settings, or call listenOn(port) or bind(port)",
                refused.getMessage());
    }

    @Test
    void addressThatIsNotResolvedIsNamed() {
        String unknown = "no-such-host.invalid";
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved(unknown, 0);

        TransportException byAddress =
                assertThrows(TransportException.class, () -> complete().bind(unresolved));
        TransportException byName =
                assertThrows(TransportException.class, () -> complete().bind(unknown, 0));

        assertTrue(byAddress.getMessage().startsWith("cannot bind to " + unknown + ": "), byAddress.getMessage());
        assertEquals(byAddress.getMessage(), byName.getMessage());
    }

    private static TcpServerBuilder complete() {
        return TcpServer.builder().protocol(Protocol.lengthPrefixed()).onMessage((session, message) -> {});
    }

    @Test
    void refusalMessageThatCannotBeFramedIsNamedWithItsReasonAndTheProtocol() {
        TcpServerBuilder builder = TcpServer.builder()
                .protocol(Protocol.lines())
                .onMessage((session, message) -> {})
                .admission(AdmissionConfig.builder()
                        .refusalMessage(reason -> "go\naway".getBytes(StandardCharsets.UTF_8))
                        .build());

        String message = refusal(builder);

        assertTrue(message.startsWith("refusalMessage for TOO_MANY_CONNECTIONS cannot be framed by lines("), message);
        assertTrue(message.endsWith("message contains the delimiter \\n at byte 2"), message);
    }

    @Test
    void limitOnRequestsThatCannotBeIsNamedWithItsKeyInTheFile() {
        Properties properties = new Properties();
        properties.setProperty("requestsInProgress", "-1");

        SettingsException refused =
                assertThrows(SettingsException.class, () -> complete().settings(Settings.of(properties, "test")));

        assertTrue(refused.getMessage().contains("requestsInProgress = -1"), refused::getMessage);
        assertTrue(refused.getMessage().contains("at least 0 requests"), refused::getMessage);
    }

    private static String refusal(TcpServerBuilder builder) {
        return assertThrows(IllegalArgumentException.class, () -> builder.bind(0))
                .getMessage();
    }
}
