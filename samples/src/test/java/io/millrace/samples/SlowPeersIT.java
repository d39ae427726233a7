package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SlowPeersIT {
    @Test
    void bothKindsOfRunsAreMeasuredWhilePeersDoNotRead() {
        CommandRun run = CommandRun.of(new SlowPeers(), "--peers", "2", "--rounds", "1", "--millis", "20");

        assertEquals(0, run.exitCode(), run.err());
        // That is what waits for peers that do not read; echoes need much less.
        assertTrue(
                run.out()
                        .matches(
                                "  p99 .* us quiet, .* us flooded, with [1-9]\\.\\d MiB in buffers\\R  p99 ratio .*\\R"),
                run.out());
    }
}
