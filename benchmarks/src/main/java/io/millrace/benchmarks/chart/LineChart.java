package io.millrace.benchmarks.chart;

import io.millrace.benchmarks.chart.Line.Dot;
import io.millrace.benchmarks.chart.Svg.Anchor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * Lines over two logarithmic axes, each with its name at its right end. The x axis is marked at the measured points.
 *
 * @param title what is shown
 * @param subtitle its unit, and which way is better
 * @param xTitle written below the x axis
 * @param xMark writes a value of the x axis
 * @param yMark writes a value of the y axis
 */
public record LineChart(
        String title, String subtitle, String xTitle, DoubleFunction<String> xMark, DoubleFunction<String> yMark) {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 360;
    private static final double LEFT = 72;
    private static final double RIGHT = WIDTH - 150;
    private static final double TOP = 74;
    private static final double BOTTOM = HEIGHT - 58;
    private static final double NAME_HEIGHT = 17;

    /** How far the measured points stay from the edges of the plot. */
    private static final double INSET = 14;

    /** Draws the lines; the later lie over the earlier. */
    public String draw(List<Line> lines) {
        Svg svg = new Svg(WIDTH, HEIGHT, title);
        svg.text("title", Anchor.START, 20, 30, title);
        svg.text("note", Anchor.START, 20, 50, subtitle);
        List<Dot> dots = lines.stream().flatMap(line -> line.dots().stream()).toList();
        LogAxis x = new LogAxis(least(dots, Dot::x), most(dots, Dot::x), LEFT + INSET, RIGHT - INSET);
        LogAxis y = LogAxis.around(least(dots, Dot::low), most(dots, Dot::high), BOTTOM, TOP);
        axes(svg, dots, x, y);
        lines.forEach(line -> line(svg, line, x, y));
        names(svg, lines, y);
        return svg.end();
    }

    private void axes(Svg svg, List<Dot> dots, LogAxis x, LogAxis y) {
        for (double mark : y.marks()) {
            svg.line("grid", LEFT, y.position(mark), RIGHT, y.position(mark));
            svg.text("mark", Anchor.END, LEFT - 8, y.position(mark) + 4, yMark.apply(mark));
        }
        svg.line("axis", LEFT, BOTTOM, RIGHT, BOTTOM);
        List<Double> measured = dots.stream().map(Dot::x).distinct().sorted().toList();
        double free = 0;
        for (double value : measured) {
            String mark = xMark.apply(value);
            double half = mark.length() * StyleSheet.CHARACTER_WIDTH / 2;
            svg.line("axis", x.position(value), BOTTOM, x.position(value), BOTTOM + 5);
            if (x.position(value) - half > free) {
                svg.text("mark", Anchor.MIDDLE, x.position(value), BOTTOM + 20, mark);
                free = x.position(value) + half;
            }
        }
        svg.text("note", Anchor.MIDDLE, (LEFT + RIGHT) / 2, BOTTOM + 42, xTitle);
    }

    private static void line(Svg svg, Line line, LogAxis x, LogAxis y) {
        for (Dot dot : line.dots()) {
            svg.line(
                    line.hue().style("spread"),
                    x.position(dot.x()),
                    y.position(dot.low()),
                    x.position(dot.x()),
                    y.position(dot.high()));
        }
        svg.path(
                line.hue().style("line"),
                line.dots().stream()
                        .map(dot -> new double[] {x.position(dot.x()), y.position(dot.y())})
                        .toList());
        for (Dot dot : line.dots()) {
            svg.dot(line.hue().style("dot"), x.position(dot.x()), y.position(dot.y()), 3.5);
        }
    }

    /** Writes each name beside the end of its line, moved as little as keeps it off the others. */
    private static void names(Svg svg, List<Line> lines, LogAxis y) {
        List<Line> fromTheTop = lines.stream()
                .sorted(Comparator.comparingDouble(line -> y.position(last(line).y())))
                .toList();
        List<Double> wanted =
                fromTheTop.stream().map(line -> y.position(last(line).y())).toList();
        List<Double> places = apart(wanted, NAME_HEIGHT);
        for (int i = 0; i < places.size(); i++) {
            Line line = fromTheTop.get(i);
            svg.line(line.hue().style("leader"), RIGHT - INSET + 5, wanted.get(i), RIGHT + 8, places.get(i));
            svg.text(line.hue().style("name"), Anchor.START, RIGHT + 12, places.get(i) + 4, line.name());
        }
    }

    /** Moves sorted places so that none is closer to the next than a distance; close ones spread around their mean. */
    static List<Double> apart(List<Double> sorted, double distance) {
        List<Double> places = new ArrayList<>(sorted);
        for (int round = 0; round < sorted.size() * sorted.size(); round++) {
            for (int i = 1; i < places.size(); i++) {
                double missing = distance - (places.get(i) - places.get(i - 1));
                if (missing > 0) {
                    places.set(i - 1, places.get(i - 1) - missing / 2);
                    places.set(i, places.get(i) + missing / 2);
                }
            }
        }
        return places;
    }

    private static Dot last(Line line) {
        return line.dots().get(line.dots().size() - 1);
    }

    private static double least(List<Dot> dots, ToDoubleFunction<Dot> part) {
        return dots.stream().mapToDouble(part).min().orElseThrow();
    }

    private static double most(List<Dot> dots, ToDoubleFunction<Dot> part) {
        return dots.stream().mapToDouble(part).max().orElseThrow();
    }
}
