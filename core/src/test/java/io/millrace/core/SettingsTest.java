package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static Settings settings(String... lines) throws IOException {
        return Settings.load(new StringReader(String.join("\n", lines)), "app.properties");
    }

    private static List<String> problemsOfSessions(String... lines) throws IOException {
        Settings section = settings(lines).section("server").section("sessions");
        SettingsException refused = assertThrows(
                SettingsException.class, () -> SessionConfig.builder().settings(section));
        return refused.problems();
    }

    @Test
    void everyPropertyOfASessionCanBeSet() throws Exception {
        Settings section = settings(
                "sendLowMark=1KiB",
                "sendHighMark = 2KiB",
                "sendLimit: 3KiB",
                "sendOverflow=refuse",
                "writeProgressTimeout=4s",
                "minWriteProgressBytes=5",
                "idleTimeout=6s",
                "readIdleTimeout=7s",
                "writeIdleTimeout=8s",
                "firstFrameTimeout=9s",
                "frameTimeout=10min",
                "heartbeatInterval=11s",
                "heartbeatTimeout=12s",
                "heartbeatMaxMissed=3",
                "maxPingsPerSecond=14",
                "maxAge=1h",
                "requestsInProgress=13",
                "requestLimit=14",
                "halfClose=true",
                "socket.tcpNoDelay=false",
                "socket.keepAlive=true",
                "socket.keepAliveIdle=1min",
                "socket.keepAliveInterval=10s",
                "socket.keepAliveCount=3",
                "socket.receiveBuffer=64KiB",
                "socket.sendBuffer=32KiB",
                "socket.quickAck=true",
                "socket.typeOfService=8");
        SessionConfig config = SessionConfig.builder().settings(section).build();
        assertEquals(
                "SessionConfig[sendLowMark=1024, sendHighMark=2048, sendLimit=3072, sendOverflow=REFUSE,"
                        + " writeProgressTimeout=PT4S, minWriteProgressBytes=5, idleTimeout=PT6S, readIdleTimeout=PT7S,"
                        + " writeIdleTimeout=PT8S, firstFrameTimeout=PT9S, frameTimeout=PT10M, heartbeat=every PT11S, timeout PT12S, maxMissed 3, maxPingsPerSecond 14,"
                        + " maxAge=PT1H, requestsInProgress=13, requestLimit=14, halfClose=true,"
                        + " socket=SocketConfig{TCP_NODELAY=false, SO_KEEPALIVE=true, TCP_KEEPIDLE=60,"
                        + " TCP_KEEPINTERVAL=10, TCP_KEEPCOUNT=3, SO_RCVBUF=65536, SO_SNDBUF=32768,"
                        + " TCP_QUICKACK=true, IP_TOS=8}]",
                config.toString());
        assertEquals(10, config.socket().option(ExtendedSocketOptions.TCP_KEEPINTERVAL));
        assertEquals(8, config.socket().option(StandardSocketOptions.IP_TOS));
    }

    @Test
    void whatIsNotInTheFileKeepsItsValue() throws Exception {
        SessionConfig config = SessionConfig.builder()
                .halfClose(true)
                .settings(settings("idleTimeout=1s"))
                .build();
        assertTrue(config.halfClose());
        assertEquals(Duration.ofSeconds(1), config.idleTimeout());
        assertEquals(SessionConfig.DEFAULT_SEND_LIMIT, config.sendLimit());
    }

    @Test
    void everyPropertyOfAGroupCanBeSet() throws Exception {
        Settings section = settings(
                        "g.name=from-file", "g.threads=1", "g.daemon=true", "g.bufferMemory=2MiB", "g.maxSessions=7")
                .section("g");
        try (IoGroup group = IoGroup.builder().settings(section).start()) {
            assertEquals("IoGroup[from-file, threads=1]", group.toString());
            assertEquals(2 << 20, group.stats().bufferBytesLimit());
        }
    }

    @Test
    void allThatIsWrongIsNamedAtOnceWithSourceKeyValueAndRemedy() throws Exception {
        Settings all = settings(
                "server.sessions.idleTimout=30s",
                "server.sessions.frameTimeout=10",
                "server.sessions.sendLimit=4MB",
                "server.sessions.sendOverflow=drop",
                "server.sessions.halfClose=yes",
                "server.sessions.socket.sendBuffer=2GiB",
                "server.sessions.socket.typeOfService=300",
                "server.sessions.scoket.quickAck=true",
                "client.other=not looked at");
        SettingsException refused = assertThrows(
                SettingsException.class, () -> SessionConfig.builder().settings(all.section("server.sessions")));
        assertEquals(
                List.of(
                        "server.sessions.sendLimit = 4MB: it must be a size such as 512, 64KiB, 4MiB or 1GiB",
                        "server.sessions.sendOverflow = drop: it must be one of REFUSE, REFUSE_OR_CLOSE_OWN, CLOSE",
                        "server.sessions.frameTimeout = 10: it must be a duration such as 500ms, 30s, 2min, 1h or 1d, or 0",
                        "server.sessions.halfClose = yes: it must be true or false",
                        "server.sessions.socket.sendBuffer = 2GiB: it must be less than 2GiB",
                        "server.sessions.socket.typeOfService = 300: IP_TOS is 300; it must be from 0 to 255 as one"
                                + " unsigned byte",
                        "server.sessions.idleTimout = 30s: it is not known; the closest known key is"
                                + " server.sessions.idleTimeout",
                        "server.sessions.scoket.quickAck = true: it is not known; the closest known key is"
                                + " server.sessions.socket.quickAck"),
                refused.problems());
        assertTrue(refused.getMessage().startsWith("app.properties: server.sessions.sendLimit = 4MB"));
        assertEquals(8, refused.getMessage().lines().count());
    }

    @Test
    void valuesThatDoNotGoTogetherAreNamedWithTheirSection() throws Exception {
        Settings section = settings("server.sessions.sendLimit=1KiB").section("server");
        SettingsException refused = assertThrows(
                SettingsException.class,
                () -> section.read(in -> in.section(
                        "sessions",
                        sessions -> SessionConfig.builder().settings(sessions).build())));
        assertEquals(
                List.of("server.sessions.*: sendLimit is 1024; it must be at least sendHighMark, 262144 bytes"),
                refused.problems());
    }

    @Test
    void keysThatContradictEachOtherAreRefused() throws Exception {
        assertEquals(
                List.of(
                        "server.sessions.socket.*: TCP_KEEPIDLE has no effect while SO_KEEPALIVE is off: set keepAlive"),
                problemsOfSessions(
                        "server.sessions.socket.keepAlive=false", "server.sessions.socket.keepAliveIdle=1s"));
    }

    @Test
    void keyThatIsThereTwiceIsRefused() {
        SettingsException refused = assertThrows(SettingsException.class, () -> settings("a.b=1", "a.c=2", "a.b=1"));
        assertEquals("app.properties: a.b: it is set twice; keep one of the lines", refused.getMessage());
    }

    @Test
    void valueWithoutItsUnitIsNotGuessed() throws Exception {
        assertEquals(1, problemsOfSessions("server.sessions.idleTimeout=30").size());
        assertEquals(1, problemsOfSessions("server.sessions.idleTimeout=").size());
    }

    @Test
    void misspeltSectionIsNamedWithTheClosest() throws Exception {
        Settings all = settings("server.port=1", "sever.backlog=2", "loose=3", "client.a.endpoint=x:1");
        SettingsException refused =
                assertThrows(SettingsException.class, () -> all.requireSections("server", "client", "group"));
        assertEquals(
                List.of(
                        "loose = 3: it is in no known section; known are client, group, server",
                        "sever.backlog = 2: it is in no known section; the closest is server."),
                refused.problems());
        settings("server.port=1", "client.a.endpoint=x:1").requireSections("server", "client", "group");
    }

    @Test
    void profilesAreSectionsOfASection() throws Exception {
        Settings all = settings("client.orders.endpoint=a:1", "client.prices.endpoint=b:2", "server.port=3");
        assertEquals(Set.of("client", "server"), all.sections());
        assertEquals(Set.of("orders", "prices"), all.section("client").sections());
        assertEquals(
                "Settings[app.properties, section=client.orders., keys=[endpoint]]",
                all.section("client.orders").toString());
        assertEquals(
                all.section("client.orders").toString(),
                all.section("client").section("orders").toString());
    }

    @Test
    void propertiesAreTakenAsTheyAreWithTheirDefaults() {
        Properties defaults = new Properties();
        defaults.setProperty("idleTimeout", "1s");
        Properties properties = new Properties(defaults);
        properties.setProperty("halfClose", " true ");
        Settings taken = Settings.of(properties, "code");
        properties.setProperty("halfClose", "false");
        SessionConfig config = SessionConfig.builder().settings(taken).build();
        assertTrue(config.halfClose());
        assertEquals(Duration.ofSeconds(1), config.idleTimeout());
    }

    @Test
    void fileIsReadInUtf8AndNamedInMessages(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("a.properties"), "name=m\u00fchle\n");
        Settings.load(file).read(in -> in.text("name", name -> assertEquals("m\u00fchle", name)));
        SettingsException refused =
                assertThrows(SettingsException.class, () -> Settings.load(file).read(in -> {}));
        assertTrue(refused.getMessage().startsWith(file + ": name = m"), refused.getMessage());
    }
}
