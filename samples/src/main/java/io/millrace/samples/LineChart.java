package io.millrace.samples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Lines over time, drawn with characters: one below the other, on one scale, a column for each value. */
final class LineChart {
    private static final int ROWS = 3;
    private static final int NAME_COLUMNS = 24;
    private static final String BLOCKS = " ▁▂▃▄▅▆▇█";
    private static final String ASCII = " .:-=+*%#";
    private static final int LEVELS = BLOCKS.length() - 1;

    private final PrintWriter out;
    private final String cells = Console.charset().equals(StandardCharsets.UTF_8) ? BLOCKS : ASCII;
    private final long scale;

    /** Makes a chart whose scale fits all values that its lines are going to have. */
    LineChart(PrintWriter out, Collection<List<Long>> lines) {
        this.out = out;
        this.scale = Math.max(
                1,
                lines.stream()
                        .flatMap(List::stream)
                        .mapToLong(Long::longValue)
                        .max()
                        .orElse(1));
    }

    /** Draws one line: its name, and how high its scale reaches, before it. */
    void line(String name, List<Long> values) {
        for (int row = ROWS - 1; row >= 0; row--) {
            String label = row == 0 ? name : "";
            String top = row == ROWS - 1 ? String.format(Locale.ROOT, "%,d", scale) : row == 0 ? "0" : "";
            StringBuilder columns = new StringBuilder();
            for (long value : values) {
                long level = Math.round((double) value / scale * ROWS * LEVELS) - (long) row * LEVELS;
                columns.append(cells.charAt((int) Math.max(0, Math.min(level, LEVELS))));
            }
            print(label, top, columns);
        }
    }

    /** Writes marks below the columns. */
    void axis(String name, CharSequence marks) {
        print(name, "", marks);
    }

    private void print(String label, String top, CharSequence columns) {
        out.printf(Locale.ROOT, "  %-" + NAME_COLUMNS + "s %7s |%s%n", label, top, columns);
    }
}
