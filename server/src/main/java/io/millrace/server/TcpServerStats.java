package io.millrace.server;

/**
 * The counters of a server. Immutable.
 *
 * @param connections sessions now, those being opened or closed included
 * @param peakConnections the most sessions at once
 * @param accepted connections accepted since the start
 * @param turnedAway connections accepted and closed at once, because they were broken already or memory was short
 * @param acceptFailures how often accepting failed and was tried again
 */
public record TcpServerStats(
        int connections, int peakConnections, long accepted, long turnedAway, long acceptFailures) {}
