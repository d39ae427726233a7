package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ResilientClientIT {
    @Test
    void everyWayOfAskingIsAnswered() {
        CommandRun run = CommandRun.of(new ResilientClient());

        assertEquals(0, run.exitCode(), run.out() + run.err());
        for (String row : List.of(
                "future           hello",
                "callback         5 bytes",
                "call             3 bytes",
                "typed            hello",
                "outcome          done by 127.0.0.1:",
                "price            a price",
                "batch            [REPLIED, REPLIED, REPLIED]",
                "own connection   hello from /127.0.0.1:")) {
            assertTrue(run.out().contains("\n  " + row), row + " is missing in:\n" + run.out());
        }
    }
}
