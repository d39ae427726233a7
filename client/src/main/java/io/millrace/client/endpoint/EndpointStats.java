package io.millrace.client.endpoint;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of what a client knows of one endpoint. Immutable.
 *
 * @param endpoint the endpoint
 * @param state whether it is asked
 * @param connections connections to it that are open
 * @param opening connections to it that are being opened
 * @param requestsInFlight requests that it has not answered yet
 * @param failuresInARow how often it failed since it last worked
 * @param retryIn how long until it is tried again; zero unless it is backing off
 * @param lastFailure what its last failure was, or null if it has not failed
 * @param opened connections to it opened since the client was made
 * @param failed attempts to connect to it that failed since the client was made
 */
public record EndpointStats(
        Endpoint endpoint,
        EndpointState state,
        int connections,
        int opening,
        int requestsInFlight,
        int failuresInARow,
        Duration retryIn,
        @Nullable String lastFailure,
        long opened,
        long failed) {}
