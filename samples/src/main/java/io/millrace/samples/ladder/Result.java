package io.millrace.samples.ladder;

import java.util.List;
import java.util.Locale;

/**
 * What one rung did under one load in all rounds.
 *
 * @param rung which
 * @param connections how many there were, each with one message on its way
 * @param messagesPerSecond messages that came back
 * @param cpuMicros microseconds of processor time of the server's whole process, per message
 * @param threads the operating system's threads that the server needed, beside those of any JVM; the median
 * @param loadShare the share of one processor that the load used; the median
 * @param silent connections that had no echo in a whole round; the most there were
 */
record Result(
        Rung rung,
        int connections,
        Spread messagesPerSecond,
        Spread cpuMicros,
        int threads,
        double loadShare,
        int silent) {
    /** Returns a sentence on the connections that were left out, or nothing if all had their echoes. */
    String notice() {
        return silent == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%s with %s: up to %,d of them had no echo in a whole round.",
                        rung,
                        LadderReport.words(connections),
                        silent);
    }

    /** Sums up the rounds of one rung under one load; there is at least one. */
    static Result of(List<Measurement> rounds) {
        Measurement first = rounds.get(0);
        return new Result(
                first.rung(),
                first.connections(),
                Spread.of(rounds.stream().mapToDouble(Measurement::messagesPerSecond)),
                Spread.of(rounds.stream().mapToDouble(Measurement::cpuMicros)),
                (int) Spread.of(rounds.stream().mapToDouble(Measurement::threads))
                        .median(),
                Spread.of(rounds.stream().mapToDouble(Measurement::loadShare)).median(),
                rounds.stream().mapToInt(Measurement::silent).max().orElse(0));
    }
}
