package io.millrace.core;

import java.time.Duration;

/**
 * How long pings of one session took, from the ping to its answer. Immutable.
 *
 * @param last the last one that was answered
 * @param smoothed an average in which each new one counts for an eighth, and the first for all, as RFC 6298 has it
 * @param min the shortest one
 * @see Session#roundTrip()
 */
public record RoundTrip(Duration last, Duration smoothed, Duration min) {}
