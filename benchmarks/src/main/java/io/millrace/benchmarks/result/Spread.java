package io.millrace.benchmarks.result;

/**
 * Where the values of a series lie.
 *
 * @param low the first quartile
 * @param median the middle
 * @param high the third quartile
 */
public record Spread(double low, double median, double high) {}
