package io.millrace.benchmarks.contestant;

/**
 * What a contestant is started with.
 *
 * @param maxFrameBytes the largest payload it must take
 * @param target the port on the loopback address that a proxy passes frames on to, otherwise 0
 */
public record ServeOptions(int maxFrameBytes, int target) {}
