package io.millrace.client;

import io.millrace.core.SessionStats;

/**
 * The counters of a client. Immutable.
 *
 * @param connections sessions now, those being opened or closed included
 * @param peakConnections the most sessions at once
 * @param opened sessions opened since the start
 * @param connectFailures how often connecting failed
 * @param requestsInProgress requests that wait for their replies or for a connection, on the connections of the pool
 * @param retries how often a request was made again since the start
 * @param retriesRefused how often one was not, because the budget for that was spent, since the start
 * @param traffic the counters of all its sessions since the start, added up; rates are the differences of two readings
 */
public record TcpClientStats(
        int connections,
        int peakConnections,
        long opened,
        long connectFailures,
        int requestsInProgress,
        long retries,
        long retriesRefused,
        SessionStats traffic) {}
