package io.millrace.benchmarks.crowd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.benchmarks.lineup.Contestants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small crowds at servers in this JVM. */
@Timeout(60)
class CrowdIT {
    private static final int BYTES = 64;

    @Test
    void heldConnectionsAreCountedAndCanBeClosed() throws Exception {
        try (Crowd crowd = new Crowd(start(Role.ECHO), BYTES)) {
            assertEquals(3, crowd.open(3));
            assertEquals(8, crowd.open(5));
            crowd.clear();
            assertEquals(1, crowd.open(1));
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void connectionsComeAndGo(Ending ending) throws Exception {
        try (Churn churn = new Churn(start(Role.ECHO), 4, ending, BYTES)) {
            assertEquals(30, churn.run(30).messages());
            assertEquals(1, churn.run(1).messages());
        }
    }

    @Test
    void everybodyHearsEveryMessage() throws Exception {
        // More than are opened before the first message.
        try (Audience audience = new Audience(start(Role.BROADCAST), 501, BYTES)) {
            assertEquals(501, audience.run(0).messages());
        }
    }

    private static int start(Role role) throws Exception {
        return Contestants.find(role, "millrace").start(new ServeOptions(BYTES, 0));
    }
}
