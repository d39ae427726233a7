package io.millrace.samples.ladder;

/**
 * What one rung did under one load in one round.
 *
 * @param rung which
 * @param connections how many there were, each with one message on its way
 * @param messagesPerSecond messages that came back
 * @param cpuMicros microseconds of processor time of the server's whole process, per message
 * @param threads the operating system's threads that the server needed, beside those of any JVM
 * @param loadShare the share of one processor that the load used
 * @param silent connections that had not had a single echo when it was over
 */
public record Measurement(
        Rung rung,
        int connections,
        double messagesPerSecond,
        double cpuMicros,
        int threads,
        double loadShare,
        int silent) {}
