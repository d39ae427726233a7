package io.millrace.samples.ladder;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * What was measured, for a terminal.
 *
 * @param measurements in the order in which they were made
 */
public record LadderReport(List<Measurement> measurements) {
    private static final int BAR_COLUMNS = 40;

    /** Returns the loads, each by its number of connections. */
    List<Integer> loads() {
        return measurements.stream().map(Measurement::connections).distinct().toList();
    }

    /** Returns the rungs that were measured, in their order. */
    List<Rung> rungs() {
        return measurements.stream().map(Measurement::rung).distinct().sorted().toList();
    }

    /** Returns how often each rung was measured under each load. */
    int rounds() {
        return measurements.size() / Math.max(1, rungs().size() * loads().size());
    }

    /** Returns all rungs under one load. */
    List<Result> under(int connections) {
        return rungs().stream()
                .map(rung -> measurements.stream()
                        .filter(one -> one.rung() == rung && one.connections() == connections)
                        .toList())
                .filter(rounds -> !rounds.isEmpty())
                .map(Result::of)
                .toList();
    }

    /** Returns a load in words. */
    static String words(int connections) {
        return String.format(Locale.ROOT, connections == 1 ? "%,d connection" : "%,d connections", connections);
    }

    /** Prints a row for each rung, and columns for each load. */
    public void printTable(PrintWriter out) {
        out.printf("  %-21s", "");
        loads().forEach(load -> out.printf(" |%28s", words(load)));
        out.printf("%n  %-21s", "");
        loads().forEach(load -> out.printf(" |%12s %7s %7s", "messages/s", "CPU us", "threads"));
        out.println();
        for (Rung rung : rungs()) {
            out.printf("  %-21s", rung);
            for (int load : loads()) {
                under(load).stream()
                        .filter(one -> one.rung() == rung)
                        .forEach(one -> out.printf(
                                Locale.ROOT,
                                " |%,12.0f %7.1f %,7d",
                                one.messagesPerSecond().median(),
                                one.cpuMicros().median(),
                                one.threads()));
            }
            out.println();
        }
        double busiest =
                measurements.stream().mapToDouble(Measurement::loadShare).max().orElse(0);
        out.printf(
                Locale.ROOT,
                "  CPU us: of the server's process, per message. The load kept a processor %.0f %% busy at most.%s%n",
                100 * busiest,
                rounds() > 1 ? " Medians of " + rounds() + " rounds." : "");
        notices().forEach(notice -> out.println("  " + notice));
    }

    /** Returns a sentence for each rung that left connections without an echo. */
    List<String> notices() {
        return loads().stream()
                .flatMap(load -> under(load).stream())
                .map(Result::notice)
                .filter(notice -> !notice.isEmpty())
                .toList();
    }

    /** Prints a bar for each rung under each load: its messages per second. */
    public void printBars(PrintWriter out, char cell) {
        for (int load : loads()) {
            double most = under(load).stream()
                    .mapToDouble(one -> one.messagesPerSecond().median())
                    .max()
                    .orElse(1);
            out.printf("%n  %s, messages/s%n", words(load));
            for (Result one : under(load)) {
                int columns =
                        (int) Math.round(BAR_COLUMNS * one.messagesPerSecond().median() / most);
                String bar = String.valueOf(cell).repeat(columns);
                out.printf(
                        "  %-21s %s %s%n",
                        one.rung(), bar, one.messagesPerSecond().words("%,.0f"));
            }
        }
    }
}
