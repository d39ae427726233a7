package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchClientIT {
    @Test
    void everyMessageOfBothKindsOfBatchesIsAnswered() {
        CommandRun run = CommandRun.of(new BatchClient(), "--size", "20", "--batches", "5");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().matches("(?s).*\\Rstrict +100 .* \\{REPLIED=100\\}\\R.*"), run.out());
        assertTrue(run.out().matches("(?s).*\\Rpipelined +100 .* \\{REPLIED=100\\}\\R.*"), run.out());
    }

    @Test
    void outcomeOfEveryMessageIsShownWhenTheServerLeaves() {
        CommandRun run = CommandRun.of(new BatchClient(), "--drop", "--size", "9", "--in-flight", "2");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("  1-4          REPLIED      yes "), run.out());
        assertTrue(run.out().contains("  5            LOST         yes "), run.out());
        assertTrue(run.out().matches("(?s).*\\R  \\d-9          NOT_SENT     no .*"), run.out());
    }

    @Test
    void whatIsNotSentMovesIfItMay() {
        CommandRun run = CommandRun.of(new BatchClient(), "--drop", "--may-move", "--size", "9");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().matches("(?s).*\\R  \\d-9          REPLIED      yes .*"), run.out());
        assertTrue(!run.out().contains("NOT_SENT"), run.out());
    }
}
