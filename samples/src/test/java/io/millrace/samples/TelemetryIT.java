package io.millrace.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TelemetryIT {
    @Test
    void tableIsShownAndTheTotalsAfterIt() {
        CommandRun run = CommandRun.of(
                new Telemetry(), "--devices", "20", "--seconds", "0.1", "--reading", "10", "--heartbeat", "50");

        assertEquals(0, run.exitCode(), run.out() + run.err());
        List<String> lines = run.out().lines().toList();
        assertTrue(lines.stream().anyMatch(line -> line.contains("ping p99 ms")), run.out());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("  devices          20, logged in ")), run.out());
    }

    @Test
    void deviceThatFallsSilentIsDroppedAndLogsInAgain() throws Exception {
        Duration heartbeat = Duration.ofMillis(25);
        // The one of these that falls silent is number 0.
        try (DeviceGateway gateway = new DeviceGateway(heartbeat);
                DeviceFleet fleet = new DeviceFleet(gateway.port(), 5, Duration.ofMillis(5), heartbeat)) {
            await().until(() -> gateway.dropped() > 0 && gateway.logins() > 5);
            assertTrue(fleet.fellSilent() > 0);
            assertTrue(gateway.readings() > 0);
            await().until(() -> gateway.figures().online() == 5);
        }
    }

    @Test
    void tableIsWrittenOverInPlaceOnATerminal() {
        StringWriter out = new StringWriter();
        LiveTable table = new LiveTable(new PrintWriter(out), true);
        Map<String, String> figures = new LinkedHashMap<>(Map.of("devices", "1"));

        table.show(figures);
        figures.put("devices", "2");
        table.show(figures);

        String line = "  devices                         %s\033[K" + System.lineSeparator();
        assertEquals(line.formatted(1) + "\033[1A" + line.formatted(2), out.toString());
    }

    @Test
    void tableIsALineEachTimeElsewhere() {
        StringWriter out = new StringWriter();
        LiveTable table = new LiveTable(new PrintWriter(out), false);
        Map<String, String> figures = new LinkedHashMap<>();
        figures.put("online", "7");
        figures.put("a", "1234");

        table.show(figures);
        table.show(figures);

        assertEquals(
                List.of("  online  a", "       7  1234", "       7  1234"),
                out.toString().lines().toList());
    }
}
