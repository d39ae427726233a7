package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Findings;
import io.millrace.benchmarks.finding.Goals;
import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Ratio;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.result.Series;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Fills a template from a run. What was not measured is said to be so; what cannot be meant is an error. */
final class Page {
    /** Stands where a number would be. */
    static final String NOT_MEASURED = "*not measured*";

    /** Fewer rounds than these are owned up to. */
    private static final int PUBLISHABLE_ROUNDS = 15;

    private final Findings findings;
    private final Set<String> charts;

    /**
     * Makes one.
     *
     * @param charts the names of those that there are
     */
    Page(RunResult run, Set<String> charts) {
        findings = new Findings(run);
        this.charts = charts;
    }

    /** Returns the template with all that its placeholders ask for. */
    String fill(Template template) {
        return template.fill(Map.of(
                "environment", arguments -> environment(),
                "warning", arguments -> warning(),
                "goals", arguments -> Goals.markdown(findings),
                "tables", this::tables,
                "pairs", this::pairs,
                "chart", this::chart,
                "ratio", this::ratio,
                "value", this::value,
                "peer", this::peer));
    }

    private String environment() {
        Environment environment = findings.run().environment();
        String versions = environment.versions().entrySet().stream()
                .map(version -> version.getKey() + " " + version.getValue())
                .collect(Collectors.joining(", "));
        return """
                | | |
                |---|---|
                | when | %s |
                | processor | %s, %d available |
                | kernel | %s |
                | JDK | %s |
                | versions | %s |
                | command | `%s` |
                """
                .formatted(
                        environment.when(),
                        environment.machine(),
                        environment.processors(),
                        environment.kernel(),
                        environment.jdk(),
                        versions,
                        environment.command())
                .strip();
    }

    /** Names the scenarios in which Millrace had fewer rounds than a published figure should rest on. */
    private String warning() {
        Map<String, Integer> few = new LinkedHashMap<>();
        for (PointResult point : findings.run().points()) {
            int rounds = rounds(point);
            if (rounds < PUBLISHABLE_ROUNDS && !point.series().isEmpty()) {
                few.merge(point.scenario(), rounds, Math::min);
            }
        }
        return few.isEmpty()
                ? ""
                : few.entrySet().stream()
                        .map(one -> one.getKey() + " (" + one.getValue() + ")")
                        .collect(Collectors.joining(
                                ", ", "> **Fewer than " + PUBLISHABLE_ROUNDS + " rounds stand behind** ", ".\n\n"));
    }

    private static int rounds(PointResult point) {
        Figure headline = Part.of(point.scenario()).headline();
        return point.series().stream()
                .filter(series ->
                        series.figure() == headline && series.contestant().equals(Peer.MILLRACE))
                .mapToInt(series -> series.values().size())
                .min()
                .orElse(0);
    }

    private String tables(List<String> arguments) {
        Part part = Part.of(arguments(arguments, "SCENARIO").get(0));
        List<PointResult> points = findings.points(part);
        if (points.isEmpty()) {
            return NOT_MEASURED;
        }
        return points.stream()
                .map(point -> "#### " + part.scenario() + " " + point.point() + "\n\n"
                        + new PointTable(point, part.headline()).markdown())
                .collect(Collectors.joining("\n"))
                .strip();
    }

    private String pairs(List<String> arguments) {
        List<String> words = arguments(arguments, "SCENARIO", "PEER");
        List<PointResult> points = findings.points(Part.of(words.get(0)));
        return points.isEmpty()
                ? NOT_MEASURED
                : new PairTable(points, Peer.named(words.get(1))).markdown().strip();
    }

    private String chart(List<String> arguments) {
        String name = arguments(arguments, "NAME").get(0);
        if (!Charts.names().contains(name)) {
            throw new IllegalArgumentException("there are " + String.join(", ", Charts.names()));
        }
        return charts.contains(name) ? "![" + name + "](performance/" + name + ".svg)" : NOT_MEASURED;
    }

    private String ratio(List<String> arguments) {
        List<String> words = arguments(arguments, "SCENARIO", "POINT", "CONTESTANT", "PEER");
        Part part = Part.of(words.get(0));
        return point(part, words.get(1))
                .flatMap(point -> Findings.advantage(point, words.get(2), Peer.named(words.get(3)), part.headline()))
                .map(Ratio::toString)
                .orElse(NOT_MEASURED);
    }

    private String value(List<String> arguments) {
        List<String> words = arguments(arguments, "SCENARIO", "POINT", "CONTESTANT", "FIGURE");
        Part part = Part.of(words.get(0));
        Figure figure = Figure.valueOf(words.get(3));
        return point(part, words.get(1))
                .flatMap(point -> Peer.named(words.get(2))
                        .in(point, part.headline())
                        .flatMap(contestant -> point.series(contestant, figure)))
                .map(Page::median)
                .orElse(NOT_MEASURED);
    }

    private String peer(List<String> arguments) {
        List<String> words = arguments(arguments, "SCENARIO", "POINT", "PEER");
        Part part = Part.of(words.get(0));
        Optional<String> name = point(part, words.get(1))
                .flatMap(point -> Peer.named(words.get(2)).in(point, part.headline()));
        return name.orElse(NOT_MEASURED);
    }

    /** Finds a point; {@code *} is the first that there is. */
    private Optional<PointResult> point(Part part, String name) {
        return name.equals("*") ? findings.points(part).stream().findFirst() : findings.point(part, name);
    }

    private static String median(Series series) {
        return series.figure().format(series.median());
    }

    private static List<String> arguments(List<String> arguments, String... names) {
        if (arguments.size() != names.length) {
            throw new IllegalArgumentException("the arguments are " + String.join(" ", names));
        }
        return arguments;
    }
}
