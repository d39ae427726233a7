package io.millrace.server;

import io.millrace.core.SessionStats;

/**
 * The counters of a server. Immutable.
 *
 * @param connections sessions now, those being opened or closed included
 * @param peakConnections the most sessions at once
 * @param accepted connections accepted since the start
 * @param turnedAway connections accepted and closed at once, because they were broken already or memory was short
 * @param acceptFailures how often accepting failed and was tried again
 * @param acceptsInFlight accepts that wait for a client: 1, or 0 at a limit or while backing off
 * @param traffic the counters of all its sessions since the start, added up; rates are the differences of two readings
 */
public record TcpServerStats(
        int connections,
        int peakConnections,
        long accepted,
        long turnedAway,
        long acceptFailures,
        int acceptsInFlight,
        SessionStats traffic) {}
