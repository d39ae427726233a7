package io.millrace.benchmarks.table;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table of texts: the first column begins at the left, the others end at the right.
 *
 * @param header a text for each column
 * @param rows each as long as the header
 */
public record Table(List<String> header, List<List<String>> rows) {
    /** Keeps copies. */
    public Table {
        header = List.copyOf(header);
        rows = rows.stream().map(List::copyOf).toList();
    }

    /** Returns it with columns aligned by spaces. */
    public String text() {
        int[] widths = widths();
        String rule = "-".repeat(IntStream.of(widths).sum() + 2 * (widths.length - 1));
        return line(header, widths, "  ") + "\n" + rule + "\n"
                + rows.stream().map(row -> line(row, widths, "  ") + "\n").collect(Collectors.joining());
    }

    /** Returns it as Markdown that is readable as it is. */
    public String markdown() {
        int[] widths = widths();
        String rule = IntStream.range(0, widths.length)
                .mapToObj(column -> "-".repeat(widths[column] + 1) + (column == 0 ? "-" : ":"))
                .collect(Collectors.joining("|", "|", "|\n"));
        return "| " + line(header, widths, " | ") + " |\n" + rule
                + rows.stream()
                        .map(row -> "| " + line(row, widths, " | ") + " |\n")
                        .collect(Collectors.joining());
    }

    private int[] widths() {
        return IntStream.range(0, header.size())
                .map(column -> Math.max(
                        header.get(column).length(),
                        rows.stream()
                                .mapToInt(row -> row.get(column).length())
                                .max()
                                .orElse(0)))
                .toArray();
    }

    private static String line(List<String> cells, int[] widths, String between) {
        return IntStream.range(0, widths.length)
                .mapToObj(column -> {
                    String space = " ".repeat(widths[column] - cells.get(column).length());
                    return column == 0 ? cells.get(column) + space : space + cells.get(column);
                })
                .collect(Collectors.joining(between))
                .stripTrailing();
    }
}
