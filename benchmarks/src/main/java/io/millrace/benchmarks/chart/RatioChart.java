package io.millrace.benchmarks.chart;

import io.millrace.benchmarks.chart.Svg.Anchor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Bars that begin at 1: to the right is ahead of the reference, to the left behind it.
 *
 * @param title what is shown
 * @param subtitle what 1 means
 */
public record RatioChart(String title, String subtitle) {
    private static final int WIDTH = 760;
    private static final double RIGHT = WIDTH - 200;
    private static final double MARGIN = 20;
    private static final double NAME_GAP = 14;
    private static final double TOP = 88;
    private static final double BAR_HEIGHT = 14;
    private static final double BAR_STEP = 20;
    private static final double GROUP_GAP = 12;
    private static final double BOTTOM_MARGIN = 24;
    private static final double MARK_STEP = 36;

    /** What may be marked, the first before the others where there is no room for all. */
    private static final List<Double> MARKS =
            List.of(1.0, 2.0, 0.5, 5.0, 10.0, 1.5, 3.0, 0.2, 20.0, 50.0, 0.8, 1.2, 0.9, 1.1, 0.1, 0.3, 0.7);

    /**
     * What one reference is exceeded by, at one point.
     *
     * @param reference written beside the bar
     * @param hue its colour where it is not behind
     * @param ratio above 0
     * @param low the end of its confidence interval below
     * @param high the end above
     */
    public record Bar(String reference, Hue hue, double ratio, double low, double high) {}

    /**
     * The bars of a point.
     *
     * @param name written at the left
     * @param bars at least one
     */
    public record Group(String name, List<Bar> bars) {}

    /** Draws the groups from top to bottom. */
    public String draw(List<Group> groups) {
        double height = TOP + BOTTOM_MARGIN - GROUP_GAP;
        for (Group group : groups) {
            height += group.bars().size() * BAR_STEP + GROUP_GAP;
        }
        Svg svg = new Svg(WIDTH, (int) height, title);
        svg.text("title", Anchor.START, MARGIN, 30, title);
        svg.text("note", Anchor.START, MARGIN, 50, subtitle);
        double left = left(groups);
        LogAxis axis = axis(groups, left);
        grid(svg, axis, left, height - BOTTOM_MARGIN);
        double y = TOP;
        for (Group group : groups) {
            double middle = y + (group.bars().size() - 1) * BAR_STEP / 2 + BAR_HEIGHT / 2;
            svg.text("name", Anchor.END, left - NAME_GAP, middle + 4, group.name());
            for (Bar bar : group.bars()) {
                bar(svg, axis, bar, y);
                y += BAR_STEP;
            }
            y += GROUP_GAP;
        }
        return svg.end();
    }

    /** Returns where the plot begins, beside the longest name. */
    private static double left(List<Group> groups) {
        int longest =
                groups.stream().mapToInt(group -> group.name().length()).max().orElse(0);
        return MARGIN + longest * StyleSheet.CHARACTER_WIDTH + NAME_GAP;
    }

    private static LogAxis axis(List<Group> groups, double left) {
        List<Bar> bars = groups.stream().flatMap(group -> group.bars().stream()).toList();
        double low = bars.stream().map(Bar::low).min(Comparator.naturalOrder()).orElse(1.0);
        double high =
                bars.stream().map(Bar::high).max(Comparator.naturalOrder()).orElse(1.0);
        return new LogAxis(Math.min(0.8, low / 1.05), Math.max(1.25, high * 1.05), left, RIGHT);
    }

    private static void grid(Svg svg, LogAxis axis, double left, double bottom) {
        List<Double> taken = new ArrayList<>();
        for (double mark : MARKS) {
            double x = axis.position(mark);
            boolean isFree = taken.stream().allMatch(other -> Math.abs(x - other) >= MARK_STEP);
            if (x < left - 1 || x > RIGHT + 1 || !isFree) {
                continue;
            }
            taken.add(x);
            svg.line(mark == 1 ? "axis" : "grid", x, TOP - 10, x, bottom);
            svg.text("mark", Anchor.MIDDLE, x, TOP - 16, plain(mark) + "×");
        }
    }

    private static void bar(Svg svg, LogAxis axis, Bar bar, double y) {
        double one = axis.position(1);
        double end = axis.position(bar.ratio());
        Hue hue = bar.ratio() < 1 ? Hue.BEHIND : bar.hue();
        svg.rect(hue.style("bar"), Math.min(one, end), y, Math.max(1, Math.abs(end - one)), BAR_HEIGHT, 2);
        double middle = y + BAR_HEIGHT / 2;
        svg.line("whisker", axis.position(bar.low()), middle, axis.position(bar.high()), middle);
        String words = String.format(Locale.ROOT, "%.2f× %s", bar.ratio(), bar.reference());
        svg.text("value", Anchor.START, Math.max(one, axis.position(bar.high())) + 8, middle + 4, words);
    }

    private static String plain(double mark) {
        return mark == Math.rint(mark) ? Long.toString((long) mark) : Double.toString(mark);
    }
}
