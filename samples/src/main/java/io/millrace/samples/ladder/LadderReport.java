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

    /** Returns the rungs that were measured. */
    List<Rung> rungs() {
        return measurements.stream().map(Measurement::rung).distinct().toList();
    }

    /** Returns all rungs under one load. */
    List<Measurement> under(int connections) {
        return measurements.stream()
                .filter(one -> one.connections() == connections)
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
            for (Measurement one : measurements) {
                if (one.rung() == rung) {
                    out.printf(
                            Locale.ROOT,
                            " |%,12.0f %7.1f %,7d",
                            one.messagesPerSecond(),
                            one.cpuMicros(),
                            one.threads());
                }
            }
            out.println();
        }
        double busiest =
                measurements.stream().mapToDouble(Measurement::loadShare).max().orElse(0);
        out.printf(
                Locale.ROOT,
                "  CPU us: of the server's process, per message. The load kept a processor %.0f %% busy at most.%n",
                100 * busiest);
    }

    /** Prints a bar for each rung under each load: its messages per second. */
    public void printBars(PrintWriter out, char cell) {
        for (int load : loads()) {
            double most = under(load).stream()
                    .mapToDouble(Measurement::messagesPerSecond)
                    .max()
                    .orElse(1);
            out.printf("%n  %s, messages/s%n", words(load));
            for (Measurement one : under(load)) {
                int columns = (int) Math.round(BAR_COLUMNS * one.messagesPerSecond() / most);
                String bar = String.valueOf(cell).repeat(columns);
                out.printf(Locale.ROOT, "  %-21s %s %,.0f%n", one.rung(), bar, one.messagesPerSecond());
            }
        }
    }
}
