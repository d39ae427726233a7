package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Ratio;
import io.millrace.benchmarks.result.Series;
import io.millrace.benchmarks.result.Spread;
import io.millrace.benchmarks.result.Statistics;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** Compares what was asked of Millrace with what was measured. */
@FunctionalInterface
interface Check {
    /** Looks it up. */
    Verdict judge(Findings findings);

    /**
     * Asks that Millrace does at least so many times as much as a peer, by the figure of the scenario.
     *
     * @param points a regular expression; each point that it matches is asked, and there must be one
     */
    static Check advantage(Part part, String points, Peer peer, double atLeast) {
        return at(part, points, point -> Findings.advantage(point, Peer.MILLRACE, peer, part.headline())
                .map(ratio -> new Verdict(
                        ratio + " × " + nameAt(point, peer, part.headline()),
                        Verdict.atLeast(atLeast, ratio.median(), ratio.low()))));
    }

    /** Asks that a figure of Millrace is at most so many times that of a peer. */
    static Check ratio(Part part, String points, Figure figure, Peer peer, double atMost) {
        return at(part, points, point -> {
            Optional<Series> own = point.series(Peer.MILLRACE, figure);
            Optional<Series> other = peer.in(point, figure).flatMap(name -> point.series(name, figure));
            if (own.isEmpty() || other.isEmpty()) {
                return Optional.empty();
            }
            Ratio ratio = Statistics.ratio(own.get(), other.get());
            return Optional.of(new Verdict(
                    figure.title() + " " + ratio + " × that of " + nameAt(point, peer, figure),
                    Verdict.atMost(atMost, ratio.median(), ratio.high())));
        });
    }

    /** Asks that a figure of Millrace is at most so much. */
    static Check atMost(Part part, String points, Figure figure, double bound) {
        return at(part, points, point -> point.series(Peer.MILLRACE, figure).map(series -> {
            Spread spread = Statistics.spread(series.values());
            return new Verdict(Findings.text(series), Verdict.atMost(bound, spread.median(), spread.high()));
        }));
    }

    /** Asks that a figure of Millrace is at most so much at every point; tells of the worst of them. */
    static Check atMostEverywhere(Part part, Figure figure, double bound) {
        return findings -> findings.points(part).stream()
                .filter(point -> point.median(Peer.MILLRACE, figure).isPresent())
                .max(Comparator.comparingDouble(
                        point -> point.median(Peer.MILLRACE, figure).orElseThrow()))
                .map(worst -> {
                    double most = worst.median(Peer.MILLRACE, figure).orElseThrow();
                    String measured = "at most, at " + worst.point() + ": " + figure.format(most);
                    return new Verdict(measured, Verdict.atMost(bound, most, most));
                })
                .orElse(Verdict.UNKNOWN);
    }

    /** Asks only that figures of a contestant are known. */
    static Check known(Part part, String points, String contestant, Figure... figures) {
        return at(part, points, point -> {
            List<String> medians = Stream.of(figures)
                    .flatMap(figure -> point.series(contestant, figure).stream())
                    .map(series ->
                            series.figure().title() + " " + series.figure().format(series.median()))
                    .toList();
            return medians.size() < figures.length
                    ? Optional.empty()
                    : Optional.of(new Verdict(String.join(", ", medians), Verdict.Held.YES));
        });
    }

    /** Asks several things. */
    static Check all(Check... checks) {
        return findings -> Verdict.all(
                List.of(checks).stream().map(check -> check.judge(findings)).toList());
    }

    private static Check at(Part part, String points, Function<PointResult, Optional<Verdict>> judge) {
        return findings -> Verdict.all(findings.points(part).stream()
                .filter(point -> point.point().matches(points))
                .map(point -> judge.apply(point)
                        .map(verdict -> new Verdict(point.point() + ": " + verdict.measured(), verdict.held()))
                        .orElse(Verdict.UNKNOWN))
                .toList());
    }

    private static String nameAt(PointResult point, Peer peer, Figure figure) {
        return peer.in(point, figure).orElse(peer.name());
    }
}
