package io.millrace.samples.ladder;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The results as a picture: a row of panels for each figure, a panel for each load, a bar for each rung. */
public final class LadderChart {
    private static final int MARGIN = 20;
    private static final int NAMES = 160;
    private static final int PANEL = 210;
    private static final int PANEL_GAP = 16;

    /** What is left beside the longest bar, for its value. */
    private static final int VALUE = 60;

    private static final int BAR = 13;
    private static final int STEP = 19;
    private static final int TOP = 88;
    private static final int ROW_HEAD = 54;
    private static final int ROW_GAP = 22;

    private static final String STYLE =
            """
            text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #59636e }
            .title { font-size: 15px; font-weight: 600 }
            .head { font-weight: 600 }
            .title, .head, .name { fill: #1f2328 }
            .card { fill: #ffffff; stroke: #d0d7de }
            .axis { stroke: #59636e }
            .spread { stroke: #d1242f; stroke-width: 2 }
            .bar { fill: #6e7781 }
            .own { fill: #0b63c5 }
            @media (prefers-color-scheme: dark) {
              text { fill: #a3adb8 }
              .title, .head, .name { fill: #f0f6fc }
              .card { fill: #0d1117; stroke: #3d444d }
              .axis { stroke: #a3adb8 }
              .spread { stroke: #ff9b8e }
              .bar { fill: #9198a1 }
              .own { fill: #58a6ff }
            }
            """;

    private final LadderReport report;
    private final List<Integer> loads;
    private final List<Rung> rungs;
    private final StringBuilder svg = new StringBuilder();

    private LadderChart(LadderReport report) {
        this.report = report;
        loads = report.loads();
        rungs = report.rungs();
    }

    /** Draws a picture and returns it as an SVG file. */
    public static String draw(LadderReport report) {
        return new LadderChart(report).draw();
    }

    private String draw() {
        int row = ROW_HEAD + rungs.size() * STEP + ROW_GAP;
        int width = MARGIN + NAMES + loads.size() * (PANEL + PANEL_GAP) + MARGIN - PANEL_GAP;
        int height = TOP + 2 * row;
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">",
                width, height, width, height);
        add("<title>The I/O-model ladder</title>");
        add("<style>\n%s</style>", STYLE);
        add("<rect class=\"card\" x=\"0\" y=\"0\" width=\"%d\" height=\"%d\" rx=\"8\"/>", width, height);
        text("title", MARGIN, 30, "The I/O-model ladder");
        text(
                "note",
                MARGIN,
                50,
                "echo of 64 bytes, one on its way per connection; each panel has its own scale; " + Processors.share());
        text("note", MARGIN, 68, rounds());
        row(TOP, "messages per second (longer is better)", "%,.0f", Result::messagesPerSecond);
        row(TOP + row, "microseconds of server CPU per message (shorter is better)", "%,.1f", Result::cpuMicros);
        add("</svg>");
        return svg.toString();
    }

    private String rounds() {
        return report.rounds() == 1
                ? "one round"
                : "bars are medians of " + report.rounds() + " rounds, lines reach from the lowest to the highest";
    }

    private void row(int top, String title, String format, Function<Result, Spread> figure) {
        text("head", MARGIN, top + 16, title);
        for (int i = 0; i < rungs.size(); i++) {
            text("name", MARGIN, baseline(top, i), rungs.get(i).toString());
        }
        for (int i = 0; i < loads.size(); i++) {
            panel(MARGIN + NAMES + i * (PANEL + PANEL_GAP), top, loads.get(i), format, figure);
        }
    }

    private void panel(int left, int top, int load, String format, Function<Result, Spread> figure) {
        text("note", left, top + 40, LadderReport.words(load));
        List<Result> bars = report.under(load);
        double most =
                bars.stream().mapToDouble(bar -> figure.apply(bar).high()).max().orElse(1);
        double scale = (PANEL - VALUE) / Math.max(most, Double.MIN_NORMAL);
        for (int i = 0; i < bars.size(); i++) {
            Spread spread = figure.apply(bars.get(i));
            add(
                    "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                    bars.get(i).rung() == Rung.MILLRACE ? " own" : "",
                    left,
                    barTop(top, i),
                    Math.max(1, spread.median() * scale),
                    BAR);
            line("spread", left + spread.low() * scale, barTop(top, i) + BAR / 2, left + spread.high() * scale, 0);
            text(
                    "value",
                    left + spread.high() * scale + 6,
                    baseline(top, i),
                    String.format(Locale.ROOT, format, spread.median()));
        }
        int bottom = barTop(top, bars.size()) - STEP + BAR;
        line("axis", left, top + ROW_HEAD - 4, left, bottom - top - ROW_HEAD + 8);
    }

    private void line(String style, double x, int y, double toX, int down) {
        add("<line class=\"%s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", style, x, y, toX, y + down);
    }

    private static int barTop(int top, int index) {
        return top + ROW_HEAD + index * STEP;
    }

    private static int baseline(int top, int index) {
        return barTop(top, index) + BAR - 2;
    }

    private void text(String style, double x, int y, String words) {
        add("<text class=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>", style, x, y, words);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
