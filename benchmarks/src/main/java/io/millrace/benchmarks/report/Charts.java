package io.millrace.benchmarks.report;

import io.millrace.benchmarks.chart.Hue;
import io.millrace.benchmarks.chart.Line;
import io.millrace.benchmarks.chart.Line.Dot;
import io.millrace.benchmarks.chart.LineChart;
import io.millrace.benchmarks.chart.RatioChart;
import io.millrace.benchmarks.chart.RatioChart.Bar;
import io.millrace.benchmarks.chart.RatioChart.Group;
import io.millrace.benchmarks.finding.Findings;
import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import io.millrace.benchmarks.result.Spread;
import io.millrace.benchmarks.result.Statistics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Draws what was measured.
 *
 * @param findings what was measured
 */
record Charts(Findings findings) {
    private static final List<Figure> CURVE_FIGURES = List.of(Figure.CPU_NANOS_PER_MESSAGE, Figure.P99_NANOS);

    /** Returns the names of all charts that the page can have. */
    static List<String> names() {
        Stream<String> curves = Stream.of(Sweep.values())
                .flatMap(sweep -> CURVE_FIGURES.stream().map(figure -> curve(sweep, figure)));
        return Stream.concat(Stream.of("echo", "others"), curves).toList();
    }

    /** Returns those for which there are measurements, as SVG by name. */
    Map<String, String> all() {
        Map<String, String> charts = new TreeMap<>();
        ratios("Echo: messages per server CPU second, Millrace relative to others", List.of(Part.ECHO))
                .ifPresent(svg -> charts.put("echo", svg));
        ratios(
                        "Other work: Millrace relative to others",
                        List.of(Part.CALLS, Part.PROXY, Part.CHURN, Part.BROADCAST, Part.IDLE, Part.FIRST_ECHO))
                .ifPresent(svg -> charts.put("others", svg));
        for (Sweep sweep : Sweep.values()) {
            for (Figure figure : CURVE_FIGURES) {
                growth(sweep, figure).ifPresent(svg -> charts.put(curve(sweep, figure), svg));
            }
        }
        return charts;
    }

    private static String curve(Sweep sweep, Figure figure) {
        String ending = figure == Figure.P99_NANOS ? "p99" : "cpu";
        return "curves-" + sweep.chartName() + "-" + ending;
    }

    private Optional<String> ratios(String title, List<Part> parts) {
        List<Group> groups = new ArrayList<>();
        for (Part part : parts) {
            for (PointResult point : findings.points(part)) {
                List<Bar> bars = bars(point, part.headline());
                if (!bars.isEmpty()) {
                    String name = parts.size() == 1 ? point.point() : part.scenario() + " " + point.point();
                    groups.add(new Group(name, bars));
                }
            }
        }
        String subtitle =
                "Right of 1× Millrace is ahead, left of it behind; the thin lines are 95 % confidence intervals";
        return groups.isEmpty() ? Optional.empty() : Optional.of(new RatioChart(title, subtitle).draw(groups));
    }

    /** Returns a bar for the best Netty transport, the best framework if that is another, and the bare loop. */
    private static List<Bar> bars(PointResult point, Figure figure) {
        return Stream.of(Peer.BEST_NETTY, Peer.BEST_FRAMEWORK, Peer.BARE_LOOP)
                .flatMap(peer -> peer.in(point, figure).stream())
                .distinct()
                .flatMap(name -> bar(point, name, figure).stream())
                .toList();
    }

    private static Optional<Bar> bar(PointResult point, String peer, Figure figure) {
        return Findings.advantage(point, Peer.MILLRACE, Peer.named(peer), figure)
                .map(ratio -> new Bar(peer, hue(peer), ratio.median(), ratio.low(), ratio.high()));
    }

    private Optional<String> growth(Sweep sweep, Figure figure) {
        Map<Integer, PointResult> points = new TreeMap<>();
        for (PointResult point : findings.points(Part.CURVES)) {
            EchoPoint echo = EchoPoint.parse(point.point());
            if (sweep.has(echo)) {
                points.put(sweep.value(echo), point);
            }
        }
        List<Line> lines = points.values().stream()
                .flatMap(point -> point.contestants().stream())
                .distinct()
                .map(contestant -> line(contestant, figure, points))
                .flatMap(Optional::stream)
                .sorted(Comparator.comparing(Line::hue, Collections.reverseOrder()))
                .toList();
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        String title = figure == Figure.P99_NANOS ? "p99 latency" : "Server CPU time per message";
        LineChart chart = new LineChart(
                title + ", " + sweep.fixed(),
                "Lower is better; the medians, and where half of the rounds lie",
                sweep.title(),
                sweep::mark,
                value -> figure.format(value).replaceFirst("\\.0+ ", " "));
        return Optional.of(chart.draw(lines));
    }

    private static Optional<Line> line(String contestant, Figure figure, Map<Integer, PointResult> points) {
        List<Dot> dots = new ArrayList<>();
        points.forEach(
                (value, point) -> point.series(contestant, figure).ifPresent(series -> dots.add(dot(value, series))));
        return dots.isEmpty() ? Optional.empty() : Optional.of(new Line(contestant, hue(contestant), dots));
    }

    private static Dot dot(int value, Series series) {
        Spread spread = Statistics.spread(series.values());
        return new Dot(value, spread.median(), spread.low(), spread.high());
    }

    private static Hue hue(String contestant) {
        if (contestant.startsWith(Peer.MILLRACE)) {
            return Hue.OWN;
        }
        if (contestant.startsWith("netty")) {
            return Hue.NETTY;
        }
        return contestant.endsWith("-bare") ? Hue.BARE : Hue.OTHER;
    }
}
