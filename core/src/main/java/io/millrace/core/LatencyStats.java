package io.millrace.core;

import java.time.Duration;

/**
 * How long something took, over many times. Immutable.
 *
 * <p>Percentiles are never below the true ones, and at most 1/32 (about 3 %) or 32 ns above; all times are zero while
 * nothing has been measured.
 *
 * @param samples how many times were measured
 * @param sum all of them together, exactly, since the start; it never goes down
 * @param mean their mean
 * @param p50 the time that half of them did not exceed
 * @param p90 the time that 90 % did not exceed
 * @param p99 the time that 99 % did not exceed
 * @param p999 the time that 99.9 % did not exceed
 * @param max the longest, exactly
 */
public record LatencyStats(
        long samples,
        Duration sum,
        Duration mean,
        Duration p50,
        Duration p90,
        Duration p99,
        Duration p999,
        Duration max) {}
