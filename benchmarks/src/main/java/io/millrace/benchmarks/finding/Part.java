package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Figure;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The scenarios that the page tells of, in its order, each with the figure by which contestants are compared. */
public enum Part {
    /** The table: echo at full load. */
    ECHO("echo", Figure.CPU_NANOS_PER_MESSAGE, 18),

    /** Echo at a fixed rate. */
    LATENCY("latency", Figure.P99_NANOS, 4),

    /** Echo while one property of the load grows. */
    CURVES("curves", Figure.CPU_NANOS_PER_MESSAGE, 7),

    /** What echo allocates, by whom. */
    GARBAGE("garbage", Figure.OWN_BYTES_PER_MESSAGE, 2),

    /** Requests and their replies. */
    CALLS("calls", Figure.CPU_NANOS_PER_MESSAGE, 14),

    /** There and back through one process. */
    PROXY("proxy", Figure.CPU_NANOS_PER_MESSAGE, 3),

    /** Connections that come and go. */
    CHURN("churn", Figure.CPU_NANOS_PER_CONNECTION, 4),

    /** One message to all. */
    BROADCAST("broadcast", Figure.CPU_NANOS_PER_MESSAGE, 2),

    /** Connections that do nothing. */
    IDLE("idle", Figure.HEAP_AND_DIRECT_BYTES_PER_CONNECTION, 3),

    /** From the start of a JVM. */
    FIRST_ECHO("first-echo", Figure.FIRST_ECHO_NANOS, 1),

    /** The sample server of Redis's protocol beside Redis. */
    REDIS("redis", Figure.MESSAGES_PER_SECOND, 15);

    private final String scenario;
    private final Figure headline;
    private final Duration expected;

    Part(String scenario, Figure headline, int expectedMinutes) {
        this.scenario = scenario;
        this.headline = headline;
        expected = Duration.ofMinutes(expectedMinutes);
    }

    /**
     * Finds one.
     *
     * @throws IllegalArgumentException if there is none; it names those that there are
     */
    public static Part of(String scenario) {
        return Arrays.stream(values())
                .filter(part -> part.scenario.equals(scenario))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("scenario is " + scenario + "; there are "
                        + Arrays.stream(values()).map(Part::scenario).collect(Collectors.joining(", "))));
    }

    /** Returns the name of its scenario. */
    public String scenario() {
        return scenario;
    }

    /** Returns what contestants are compared by. */
    public Figure headline() {
        return headline;
    }

    /** Returns how long the standard plan takes, about. */
    public Duration expected() {
        return expected;
    }
}
