package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Ratio;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.result.Series;
import io.millrace.benchmarks.result.Spread;
import io.millrace.benchmarks.result.Statistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Answers what the page asks of a run.
 *
 * @param run what was measured
 */
public record Findings(RunResult run) {
    /** A spread of less than this part of the median is not shown. */
    private static final double SMALLEST_SPREAD = 0.005;

    /** Returns the points of a scenario that were measured. */
    public List<PointResult> points(Part part) {
        return run.points().stream()
                .filter(point -> point.scenario().equals(part.scenario()))
                .toList();
    }

    /** Finds a point. */
    public Optional<PointResult> point(Part part, String name) {
        return points(part).stream().filter(point -> point.point().equals(name)).findFirst();
    }

    /** Returns how many times better a contestant is than another, where both were measured. */
    public static Optional<Ratio> advantage(PointResult point, String contestant, Peer peer, Figure figure) {
        Optional<Series> own = point.series(contestant, figure);
        Optional<Series> other = peer.in(point, figure).flatMap(name -> point.series(name, figure));
        return own.isPresent() && other.isPresent()
                ? Optional.of(Statistics.advantage(own.get(), other.get()))
                : Optional.empty();
    }

    /** Returns the median, and how far from it half of the values are, as a part of it. */
    public static String text(Series series) {
        Spread spread = Statistics.spread(series.values());
        String median = series.figure().format(spread.median());
        double share = (spread.high() - spread.low()) / 2 / spread.median();
        return share >= SMALLEST_SPREAD && Double.isFinite(share)
                ? String.format(Locale.ROOT, "%s ±%.0f %%", median, 100 * share)
                : median;
    }
}
