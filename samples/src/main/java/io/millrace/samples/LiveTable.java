package io.millrace.samples;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/**
 * Figures that change: on a terminal a table that is written over in place, elsewhere a line each time. One thread shows
 * them.
 */
final class LiveTable {
    private static final int LINES_PER_HEADING = 20;
    private static final int SPACE = 2;
    private static final String REST_OF_LINE_EMPTY = "\033[K";

    private final PrintWriter out;
    private final boolean inPlace;
    private int shown;

    LiveTable(PrintWriter out, boolean inPlace) {
        this.out = out;
        this.inPlace = inPlace;
    }

    /** Shows figures, by their titles, which are the same each time. */
    void show(Map<String, String> figures) {
        if (inPlace) {
            showInPlace(figures);
        } else {
            showLine(figures);
        }
        out.flush();
        shown++;
    }

    private void showInPlace(Map<String, String> figures) {
        if (shown > 0) {
            out.printf(Locale.ROOT, "\033[%dA", figures.size());
        }
        figures.forEach((title, value) -> out.printf("  %-18s %14s%s%n", title, value, REST_OF_LINE_EMPTY));
    }

    private void showLine(Map<String, String> figures) {
        if (shown % LINES_PER_HEADING == 0) {
            figures.keySet().forEach(title -> out.print(" ".repeat(SPACE) + title));
            out.println();
        }
        figures.forEach((title, value) -> out.print(" ".repeat(SPACE) + padded(value, title.length())));
        out.println();
    }

    private static String padded(String value, int columns) {
        return " ".repeat(Math.max(0, columns - value.length())) + value;
    }
}
