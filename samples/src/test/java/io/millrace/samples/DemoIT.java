package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DemoIT {
    @TempDir
    private Path folder;

    @Test
    void everythingComesBackAndNothingLeaks() {
        CommandRun run = CommandRun.of(new Demo(), "--connections", "4", "--megabytes-per-connection", "1");

        assertEquals(0, run.exitCode(), run.err());
        assertRow(run, "connections", "4 opened, 4 closed");
        assertRow(run, "SHA-256", "4 of 4 connections match");
        assertRow(run, "contexts leased", "16 at most, 0 now");
        for (String row : List.of("messages", "bytes", "throughput", "latency p50", "        p99.9", "        max")) {
            assertTrue(run.out().contains("\n  " + row), run.out());
        }
    }

    @Test
    void smallFileIsSentAgainAndAgain() throws Exception {
        Path file = Files.write(folder.resolve("small"), new byte[10_000]);

        CommandRun run = CommandRun.of(
                new Demo(), "--file", file.toString(), "--connections", "2", "--megabytes-per-connection", "1");

        assertEquals(0, run.exitCode(), run.err());
        assertRow(run, "file", "small, 10,000 bytes, 105 times per connection");
        assertRow(run, "bytes", "2.0 MiB each way");
    }

    @Test
    void missingFileIsExplainedInOneLine() {
        Path missing = folder.resolve("missing");

        CommandRun run = CommandRun.of(new Demo(), "--file", missing.toString());

        assertEquals(2, run.exitCode());
        assertEquals(
                List.of("demo: " + missing + " is not a file that can be read"),
                run.err().lines().toList());
    }

    private static void assertRow(CommandRun run, String name, String value) {
        assertTrue(run.out().lines().anyMatch(("  %-16s %s".formatted(name, value))::equals), run.out());
    }
}
