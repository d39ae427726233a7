package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.core.IoGroupStats;
import io.millrace.core.LatencyStats;
import io.millrace.core.RequestStats;
import io.millrace.core.SessionStats;
import io.millrace.server.admission.RefusalReason;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("changes the locale of the JVM")
class SnapshotTest {
    private static final List<Locale> ODD = List.of(
            Locale.ROOT,
            Locale.GERMANY,
            Locale.FRANCE,
            Locale.forLanguageTag("tr"),
            Locale.forLanguageTag("ar-EG-u-nu-arab"),
            Locale.forLanguageTag("th-TH-u-nu-thai-ca-buddhist"));

    private final Locale usual = Locale.getDefault();

    @AfterEach
    void restore() {
        Locale.setDefault(usual);
    }

    private static TcpServerSnapshot snapshot() {
        LatencyStats latency = new LatencyStats(
                313,
                Duration.ofNanos(313 * 1_234_567),
                Duration.ofNanos(1_234_567),
                Duration.ofMillis(1),
                Duration.ofMillis(2),
                Duration.ofMillis(30),
                Duration.ofMillis(400),
                Duration.ofSeconds(5));
        Map<RefusalReason, Long> refused = new EnumMap<>(RefusalReason.class);
        refused.put(RefusalReason.TOO_FAST, 3L);
        refused.put(RefusalReason.NO_MEMORY, 0L);
        TcpServerStats stats = new TcpServerStats(
                12,
                40,
                1_200,
                refused,
                2,
                1,
                new SessionStats(1_234_567, 5_000, 7_654_321, 5_001),
                new RequestStats(8, 4_990, 2, 1, 4, latency),
                Duration.ofMillis(93_785_250));
        TcpServerRates rates =
                new TcpServerRates(Duration.ofMillis(9_750), 1.5, 0.25, 1_234_567.891, 2.0, 51.2, 51.3, 49.92);
        IoGroupStats group = new IoGroupStats(4, 13, 53_248, 1 << 20, 1 << 26, 5, 24, 80, 45, 6, 777, 1, 9, 0);
        return new TcpServerSnapshot(
                Instant.parse("2026-11-21T12:00:00Z"),
                ServerState.RUNNING,
                List.of(new InetSocketAddress("127.0.0.1", 9_000), new InetSocketAddress("::1", 9_001)),
                "delimited(\"\r\n\")",
                stats,
                rates,
                group);
    }

    private static JsonNode parsed(String json) throws Exception {
        ObjectMapper mapper = new ObjectMapper()
                .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        return mapper.readTree(json);
    }

    @Test
    void jsonIsReadByAParserAndSaysWhatTheRecordsDo() throws Exception {
        JsonNode json = parsed(snapshot().toJson());
        assertEquals("2026-11-21T12:00:00Z", json.at("/time").asText());
        assertEquals("RUNNING", json.at("/state").asText());
        assertEquals("127.0.0.1:9000", json.at("/addresses/0").asText());
        assertEquals("[0:0:0:0:0:0:0:1]:9001", json.at("/addresses/1").asText());
        assertEquals("delimited(\"\r\n\")", json.at("/protocol").asText());
        assertEquals(93_785.25, json.at("/uptimeSeconds").asDouble());
        assertEquals(12, json.at("/connections/now").asInt());
        assertEquals(40, json.at("/connections/peak").asInt());
        assertEquals(3, json.at("/connections/refused").asInt());
        assertEquals(3, json.at("/connections/refusedBecause/TOO_FAST").asInt());
        assertEquals(0, json.at("/connections/refusedBecause/NO_MEMORY").asInt(-1));
        assertEquals(7_654_321, json.at("/traffic/bytesSent").asLong());
        assertEquals(4_990, json.at("/requests/answered").asLong());
        assertEquals(1_234.567, json.at("/requests/latency/meanMicros").asDouble());
        assertEquals(5_000_000, json.at("/requests/latency/maxMicros").asDouble());
        assertEquals(9.75, json.at("/perSecond/intervalSeconds").asDouble());
        assertEquals(1_234_567.891, json.at("/perSecond/bytesReceived").asDouble());
        assertEquals(1 << 26, json.at("/group/bufferBytesLimit").asLong());
        assertEquals(14, json.at("/group").size(), "IoGroupStats has more to show");
    }

    @Test
    void textIsAlignedForPeople() {
        String text = snapshot().toText();
        assertTrue(text.startsWith("server         127.0.0.1:9000, [0:0:0:0:0:0:0:1]:9001, delimited("), text);
        assertTrue(text.contains("\nstate          RUNNING, up 1 d 2 h 3 min 5 s\n"), text);
        assertTrue(text.contains("\nrates          over the last 9.8 s\n"), text);
        assertTrue(text.contains("\nconnections                    12 now                         40 peak\n"), text);
        assertTrue(
                text.contains("\nreceived                1,234,567 bytes              1,234,567.9 a second\n"), text);
        assertTrue(
                text.contains("\nlatency        mean 1.235 ms, p50 1.000 ms, p90 2.000 ms, p99 30.000 ms,"
                        + " p99.9 400.000 ms, max 5000.000 ms, of 313 samples\n"),
                text);
        assertTrue(text.contains("\n                                3 too fast\n"), text);
        assertFalse(text.contains("no memory"), text);
        assertTrue(text.endsWith("\n"), text);
    }

    @Test
    void localeChangesNothing() throws Exception {
        String text = snapshot().toText();
        String json = snapshot().toJson();
        for (Locale locale : ODD) {
            Locale.setDefault(locale);
            assertEquals(text, snapshot().toText(), locale.toString());
            assertEquals(json, snapshot().toJson(), locale.toString());
        }
        parsed(json);
    }
}
