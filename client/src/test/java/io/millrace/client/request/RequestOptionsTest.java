package io.millrace.client.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Options of requests and batches, and the configuration of retries. */
class RequestOptionsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void requestIsMadeAtMostOnceUnlessItIsIdempotent() {
        RequestOptions options = RequestOptions.within(SECOND);

        assertFalse(options.isIdempotent());
        assertTrue(options.idempotent().maxAttempts(2).isIdempotent());
        assertFalse(options.isIdempotent(), "it is immutable");
        assertEquals(
                "RequestOptions[timeout=PT1S, idempotent=true, maxAttempts=2]",
                options.idempotent().maxAttempts(2).toString());
        assertEquals("RequestOptions[timeout=PT1S, idempotent=false, maxAttempts=client's]", options.toString());
    }

    @Test
    void batchIsStrictAndStaysUnlessToldOtherwise() {
        assertEquals(
                "BatchOptions[timeout=PT1S, inFlight=1, mayMove=false, stopOnFailure=false]",
                BatchOptions.within(SECOND).toString());
        assertEquals(
                "BatchOptions[timeout=PT1S, inFlight=128, mayMove=true, stopOnFailure=true]",
                BatchOptions.within(SECOND)
                        .pipelined()
                        .mayMove()
                        .stopOnFailure()
                        .toString());
    }

    @Test
    void refusalsNameTheValueAndWhatIsAllowed() {
        refused("timeout is PT0S; it must be more than zero", () -> RequestOptions.within(Duration.ZERO));
        refused("timeout is PT-1S; it must be more than zero", () -> BatchOptions.within(SECOND.negated()));
        refused("maxAttempts is 0; it must be from 1 to 1000 attempts", () -> RequestOptions.within(SECOND)
                .maxAttempts(0));
        refused("pipelined is 16385; it must be from 1 to 16384 requests", () -> BatchOptions.within(SECOND)
                .pipelined(16_385));
        RetryConfig retry = RetryConfig.defaults();
        refused("maxAttempts is 1001; it must be from 1 to 1000 attempts", () -> retry.maxAttempts(1_001));
        refused("ratio is NaN; it must be from 0 to 10 retries a request", () -> retry.ratio(Double.NaN));
        refused("minPerSecond is -1; it must be from 0 to 1000000 retries", () -> retry.minPerSecond(-1));
        refused("burst is -1; it must be from 0 to 1000000 retries", () -> retry.burst(-1));
    }

    @Test
    void longestTimeoutIsAYear() {
        assertEquals(
                Duration.ofDays(365),
                RequestOptions.within(Duration.ofDays(1_000)).timeout());
    }

    @Test
    void retriesAreReadFromSettings() {
        Properties properties = new Properties();
        properties.setProperty("maxAttempts", "5");
        properties.setProperty("ratio", "0.5");
        properties.setProperty("minPerSecond", "3");
        properties.setProperty("burst", "7");

        RetryConfig read = RetryConfig.defaults().settings(Settings.of(properties, "test"));

        assertEquals("RetryConfig[maxAttempts=5, ratio=0.5, minPerSecond=3, burst=7]", read.toString());
        properties.setProperty("ratio", "some");
        SettingsException refusal = assertThrows(
                SettingsException.class, () -> RetryConfig.defaults().settings(Settings.of(properties, "test")));
        assertTrue(refusal.getMessage().contains("ratio"), refusal.getMessage());
    }
}
