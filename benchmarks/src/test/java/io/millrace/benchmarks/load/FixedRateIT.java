package io.millrace.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.load.BrokenEcho.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FixedRateIT {
    private static final EchoPoint POINT = new EchoPoint(3, 1, 64);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Test
    void sendsAsManyMessagesAsTheScheduleHas() throws IOException {
        try (BrokenEcho server = new BrokenEcho(Fault.NONE);
                EchoConnections connections = new EchoConnections(server.port(), POINT, PATIENCE)) {
            FixedRate fixedRate = new FixedRate(connections);
            assertEquals(
                    200, fixedRate.run(5_000, TimeUnit.MILLISECONDS.toNanos(40)).messages());
            assertEquals(200, connections.latencies().getTotalCount());
        }
    }

    @Test
    void serverThatHoldsBackPaysForAllThatBecameDueMeanwhile() throws IOException {
        try (BrokenEcho server = new BrokenEcho(Fault.HOLDS_BACK);
                EchoConnections connections = new EchoConnections(server.port(), new EchoPoint(1, 1, 64), PATIENCE)) {
            LoadResult result = new FixedRate(connections).run(2_000, TimeUnit.MILLISECONDS.toNanos(100));
            // Nothing comes back until 50 more messages have been sent, the last of them 25 ms after the first was due.
            long spacing = TimeUnit.SECONDS.toNanos(1) / 2_000;
            assertTrue(result.maxNanos() >= 49 * spacing, result::toString);
            double longer = connections.latencies().getCountBetweenValues(10 * spacing, Long.MAX_VALUE);
            assertTrue(longer >= 40, () -> longer + " of " + result);
            assertEquals(200, result.messages());
        }
    }

    @Test
    void rateThatCannotBeKeptIsAnError() throws IOException {
        try (BrokenEcho server = new BrokenEcho(Fault.NONE);
                EchoConnections connections = new EchoConnections(server.port(), POINT, PATIENCE)) {
            FixedRate fixedRate = new FixedRate(connections);
            IOException e = assertThrows(IOException.class, () -> fixedRate.run(1e12, TimeUnit.SECONDS.toNanos(10)));
            assertTrue(e.getMessage().contains("cannot keep a rate of 1000000000000 messages"), e::toString);
        }
    }
}
