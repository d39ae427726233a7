package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DrainUnderLoadIT {
    @Test
    void noRequestIsLostAndThePortIsUsedAgain() {
        CommandRun run = CommandRun.of(new DrainUnderLoad(), "--connections", "10", "--longest", "100");

        assertEquals(0, run.exitCode(), run.out() + run.err());
        for (String part :
                new String[] {" RUNNING ", " DRAINING ", " STOPPED ", ", in time", "started again on port "}) {
            assertTrue(run.out().contains(part), run.out());
        }
        assertTrue(run.out().contains(", 0 kinds of failure"), run.out());
    }
}
