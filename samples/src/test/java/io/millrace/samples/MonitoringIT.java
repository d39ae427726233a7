package io.millrace.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.TcpClient;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MonitoringIT {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final Pattern HELP = Pattern.compile("# HELP (millrace_[a-z_]+) [A-Z0-9].*\\.");
    private static final Pattern TYPE = Pattern.compile("# TYPE (millrace_[a-z_]+) (counter|gauge|summary)");
    private static final Pattern SAMPLE = Pattern.compile(
            "(millrace_[a-z_]+)(\\{(?:[a-z]+=\"(?:[^\"\\\\]|\\\\[\\\\\"n])*\",?)+})? (-?\\d+(?:\\.\\d+)?(?:E-?\\d+)?|NaN)");

    private static String get(StatisticsEndpoint statistics, String path, String type) throws IOException {
        URI uri = URI.create("http://127.0.0.1:" + statistics.port() + path);
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        try (InputStream in = connection.getInputStream()) {
            assertEquals(200, connection.getResponseCode());
            assertEquals(type, connection.getContentType());
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void endpointShowsWhatTheServerAndTheClientHaveDone() throws Exception {
        try (IoGroup group = IoGroup.start();
                TcpServer server = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .processor(request -> request)
                        .bind("127.0.0.1", 0);
                TcpClient client = TcpClient.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .build();
                StatisticsEndpoint statistics = StatisticsEndpoint.start(0, server, client)) {
            for (int i = 0; i < 3; i++) {
                client.call(new byte[100], WAIT);
            }
            // A reply may be there before it is counted.
            await().until(() -> server.stats().requests().answered() == 3);

            Map<String, Double> samples = samplesOf(get(statistics, "/metrics", PrometheusText.CONTENT_TYPE));

            assertEquals(1, samples.get("millrace_server_connections"));
            assertEquals(1, samples.get("millrace_server_accepted_connections_total"));
            assertEquals(3, samples.get("millrace_server_requests_total{outcome=\"answered\"}"));
            assertEquals(0, samples.get("millrace_server_refused_connections_total{reason=\"too_fast\"}"));
            assertTrue(samples.get("millrace_server_received_bytes_total") > 300, samples::toString);
            assertTrue(
                    samples.get("millrace_server_request_duration_seconds{quantile=\"0.5\"}") < 20, samples::toString);
            assertEquals(1, samples.get("millrace_client_opened_connections_total"));
            assertEquals(4, samples.get("millrace_group_leased_contexts"));
            assertEquals("ready, alive", get(statistics, "/health", "text/plain; charset=utf-8"));
            assertTrue(get(statistics, "/stats.json", "application/json").startsWith("{"));
            assertTrue(get(statistics, "/", "text/plain; charset=utf-8").startsWith("server "));
        }
    }

    /** Reads the format line by line, and fails where a line is not as it must be, or not where. */
    private static Map<String, Double> samplesOf(String text) {
        assertTrue(text.endsWith("\n"));
        Map<String, Double> samples = new HashMap<>();
        Set<String> families = new HashSet<>();
        String helped = "";
        String family = "";
        String type = "";
        for (String line : text.split("\n", -1)) {
            Matcher help = HELP.matcher(line);
            Matcher kind = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (help.matches()) {
                helped = help.group(1);
                assertTrue(families.add(helped), line);
            } else if (kind.matches()) {
                family = kind.group(1);
                type = kind.group(2);
                assertEquals(helped, family, line);
                assertEquals(type.equals("counter"), family.endsWith("_total"), line);
            } else if (sample.matches()) {
                boolean ofSummary = type.equals("summary")
                        && List.of(family + "_sum", family + "_count").contains(sample.group(1));
                assertTrue(ofSummary || sample.group(1).equals(family), line);
                String labels = sample.group(2) == null ? "" : sample.group(2);
                assertEquals(null, samples.put(sample.group(1) + labels, Double.valueOf(sample.group(3))), line);
            } else {
                assertEquals("", line, "no line of the format");
            }
        }
        assertNotNull(samples.get("millrace_server_ready"), text);
        return samples;
    }

    @Test
    void waysToLookAreToldAndTheStatisticsShownAtTheEnd() {
        CommandRun run = CommandRun.of(new Monitoring(), "--http-port", "0", "--seconds", "0.1");

        assertEquals(0, run.exitCode(), run.err());
        for (String way : new String[] {
            "/metrics",
            "jconsole ",
            "io.millrace:type=Server,name=",
            "io.millrace:type=Client",
            " JFR.start ",
            "connections"
        }) {
            assertTrue(run.out().contains(way), run.out());
        }
    }

    @Test
    void portThatIsTakenIsExplainedInOneLine() throws Exception {
        CommandRun run = CommandRun.againstDeadPort(
                port -> CommandRun.of(new Monitoring(), "--http-port", String.valueOf(port)));

        assertEquals(1, run.exitCode());
        assertTrue(
                run.err().matches("monitoring: cannot serve statistics on port \\d+, choose another: .*\\R"),
                run.err());
    }
}
