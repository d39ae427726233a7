package io.millrace.benchmarks.calls.caller;

import java.time.Duration;

/**
 * What a caller is started with. It has one I/O thread.
 *
 * @param port of the server, on the loopback address
 * @param connections that it spreads requests over
 * @param inFlight the most requests in flight, over all connections together
 */
public record CallerOptions(int port, int connections, int inFlight) {
    /** How long each request may take. No contestant may leave it out. */
    public static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Returns how many requests are in flight on each connection if all have their share. */
    int inFlightEach() {
        return (inFlight + connections - 1) / connections;
    }
}
