package io.millrace.client;

import io.millrace.core.SessionStats;

/**
 * The counters of a client. Immutable.
 *
 * @param connections sessions now, those being opened or closed included
 * @param peakConnections the most sessions at once
 * @param opened sessions opened since the start
 * @param connectFailures how often connecting failed
 * @param traffic the counters of all its sessions since the start, added up; rates are the differences of two readings
 */
public record TcpClientStats(
        int connections, int peakConnections, long opened, long connectFailures, SessionStats traffic) {}
