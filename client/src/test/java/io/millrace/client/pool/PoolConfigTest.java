package io.millrace.client.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class PoolConfigTest {
    private static final String SOME = "PoolConfig[maxConnections=10, maxConnectionsPerEndpoint=5, minIdle=2,"
            + " maxWaiting=0, acquireTimeout=PT1S, idleTimeout=PT2S, requestsPerConnection=3, maxRequests=4,"
            + " order=FIFO, attemptDelay=PT0.3S, leakAfter=PT5S]";

    private static PoolConfigBuilder some() {
        return PoolConfig.builder()
                .maxConnections(10)
                .maxConnectionsPerEndpoint(5)
                .minIdle(2)
                .maxWaiting(0)
                .acquireTimeout(Duration.ofSeconds(1))
                .idleTimeout(Duration.ofSeconds(2))
                .requestsPerConnection(3)
                .maxRequests(4)
                .order(PoolOrder.FIFO)
                .attemptDelay(Duration.ofMillis(300))
                .leakAfter(Duration.ofSeconds(5));
    }

    private static String refusal(PoolConfigBuilder builder) {
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    private static Settings settings(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.of(properties, "test");
    }

    @Test
    void defaultsAreAsDocumented() {
        assertEquals(
                "PoolConfig[maxConnections=64, maxConnectionsPerEndpoint=16, minIdle=0, maxWaiting=1024,"
                        + " acquireTimeout=PT0S, idleTimeout=PT2M, requestsPerConnection=256, maxRequests=65536,"
                        + " order=LIFO, attemptDelay=PT0.25S, leakAfter=PT0S]",
                PoolConfig.defaults().toString());
    }

    @Test
    void copyHasAllValues() {
        PoolConfig config = some().build();

        assertEquals(SOME, config.toString());
        assertEquals(SOME, config.toBuilder().build().toString());
        assertEquals(
                PoolConfig.defaults().toString(),
                PoolConfig.defaults().toBuilder().build().toString());
    }

    @Test
    void limitPerEndpointFollowsTheTotalUntilItIsSet() {
        assertEquals(8, PoolConfig.builder().maxConnections(8).build().maxConnectionsPerEndpoint());
        assertEquals(
                1, PoolConfig.defaults().toBuilder().maxConnections(1).build().maxConnectionsPerEndpoint());
        assertEquals(16, PoolConfig.builder().maxConnections(1_000).build().maxConnectionsPerEndpoint());
        assertEquals(
                "maxConnectionsPerEndpoint is 5; it must be at most maxConnections, 4 connections",
                refusal(some().maxConnections(4)));
    }

    @Test
    void valuesOutOfRangeAreNamedWithTheRange() {
        assertEquals(
                "maxConnections is 0; it must be from 1 to 1000000 connections", refusal(some().maxConnections(0)));
        assertEquals(
                "maxConnectionsPerEndpoint is -1; it must be from 0 to 1000000 connections",
                refusal(some().maxConnectionsPerEndpoint(-1)));
        assertEquals("minIdle is -1; it must be from 0 to 1000000 connections", refusal(some().minIdle(-1)));
        assertEquals(
                "minIdle is 6; it must be at most maxConnectionsPerEndpoint, 5 connections",
                refusal(some().minIdle(6)));
        assertEquals(
                "minIdle is 17; it must be at most maxConnectionsPerEndpoint, 16 connections",
                refusal(PoolConfig.builder().minIdle(17)));
        assertEquals("maxWaiting is -1; it must be from 0 to 1000000 callers", refusal(some().maxWaiting(-1)));
        assertEquals(
                "requestsPerConnection is 0; it must be from 1 to 16384 requests",
                refusal(some().requestsPerConnection(0)));
        assertEquals(
                "requestsPerConnection is 16385; it must be from 1 to 16384 requests",
                refusal(some().requestsPerConnection(16_385)));
        assertEquals("maxRequests is 0; it must be from 1 to 100000000 requests", refusal(some().maxRequests(0)));
    }

    @Test
    void durationsOutOfRangeAreNamedWithTheRangeAndWhatZeroMeans() {
        Duration negative = Duration.ofNanos(-1);
        Duration year = Duration.ofDays(365);

        assertEquals(
                "acquireTimeout is PT-0.000000001S; it must be from 0 (the caller's own deadline) to 365 days",
                refusal(some().acquireTimeout(negative)));
        assertEquals(
                "idleTimeout is PT8760H0.000000001S; it must be from 0 (for ever) to 365 days",
                refusal(some().idleTimeout(year.plusNanos(1))));
        assertEquals("attemptDelay is PT8760H; it must be from 0 (never) to 1 day", refusal(some().attemptDelay(year)));
        assertEquals(
                "leakAfter is PT-0.000000001S; it must be from 0 (never) to 365 days",
                refusal(some().leakAfter(negative)));
    }

    @Test
    void settingsSetEverything() {
        PoolConfig config = PoolConfig.builder()
                .settings(settings(
                        "maxConnections", "10",
                        "maxConnectionsPerEndpoint", "5",
                        "minIdle", "2",
                        "maxWaiting", "0",
                        "acquireTimeout", "1s",
                        "idleTimeout", "2s",
                        "requestsPerConnection", "3",
                        "maxRequests", "4",
                        "order", "FIFO",
                        "attemptDelay", "300ms",
                        "leakAfter", "5s"))
                .build();

        assertEquals(SOME, config.toString());
    }

    @Test
    void settingThatIsNotKnownOrCannotBeIsNamed() {
        SettingsException refused = assertThrows(SettingsException.class, () -> PoolConfig.builder()
                .settings(settings("order", "random", "maxConections", "4")));

        assertEquals(
                List.of(
                        "order = random: it must be one of LIFO, FIFO",
                        "maxConections = 4: it is not known; the closest known key is maxConnections"),
                refused.problems());
    }
}
