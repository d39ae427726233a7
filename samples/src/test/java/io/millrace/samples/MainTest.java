package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class MainTest {
    private static final List<String> SAMPLES = List.of(
            "demo",
            "echo-server",
            "echo-client",
            "console-client",
            "batch-client",
            "failover",
            "resilient-client",
            "gateway",
            "chat-server",
            "chat-client",
            "request-server",
            "request-client",
            "seed-server",
            "seed-client",
            "resp-server",
            "resp-client",
            "drain",
            "slow-peers",
            "file-transfer",
            "virtual-threads",
            "telemetry",
            "monitoring",
            "io-models",
            "ten-line-server",
            "ten-line-client");

    @Test
    void withoutASampleTheUsageListsAll() {
        CommandRun run = CommandRun.of(new Main());

        assertEquals(2, run.exitCode());
        for (String sample : SAMPLES) {
            assertTrue(run.err().contains(" " + sample + " "), run.err());
        }
    }

    @Test
    void everySampleHasHelp() {
        for (String sample : SAMPLES) {
            CommandRun run = CommandRun.of(new Main(), sample, "--help");

            assertEquals(0, run.exitCode(), run.err());
            assertTrue(run.out().startsWith("Usage: millrace-samples " + sample), run.out());
        }
    }

    @Test
    void impossibleOptionIsExplainedInOneLine() {
        CommandRun run = CommandRun.of(new EchoClient(), "--depth", "0");

        assertEquals(2, run.exitCode());
        assertEquals(
                List.of("echo-client: --depth is 0; it must be at least 1"),
                run.err().lines().toList());
    }
}
