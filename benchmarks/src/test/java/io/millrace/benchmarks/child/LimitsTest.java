package io.millrace.benchmarks.child;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class LimitsTest {
    @Test
    void thisMachineAllowsOneConnection() throws IOException {
        assertEquals("", Limits.read().obstacle(1));
    }

    @Test
    void tooFewDescriptorsAreNamedWithTheRemedy() {
        String obstacle = new Limits(4_096, 28_000).obstacle(10_000);
        assertTrue(obstacle.contains("the limit is 4096; raise it with ulimit -n 10200"), obstacle);
    }

    @Test
    void tooFewPortsAreNamedWithTheRemedy() {
        String obstacle = new Limits(20_000, 8_000).obstacle(10_000);
        assertTrue(obstacle.contains("there are 8000; widen the range with sysctl"), obstacle);
    }
}
