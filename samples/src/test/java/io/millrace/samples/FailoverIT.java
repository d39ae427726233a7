package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailoverIT {
    @Test
    void noRequestFailsWhenAServerIsKilledAndItIsUsedAgainWhenItIsBack() {
        CommandRun run = CommandRun.of(new Failover(), "--seconds", "1");

        assertEquals(0, run.exitCode(), run.out() + run.err());
        assertTrue(run.out().contains("  failed           0"), run.out());
        // What it had answered may still have come when it was gone.
        assertTrue(
                run.out().matches("(?s).*\\R  127\\.0\\.0\\.1:\\d+ +[\\d.]+ % +\\d\\.\\d % +[\\d.]+ %\\R.*"),
                run.out());
        assertTrue(run.out().matches("(?s).*\\R  used again       \\d+ ms after its start; .*"), run.out());
    }
}
