package io.millrace.benchmarks.result;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What was measured at one point of a scenario.
 *
 * @param scenario such as {@code echo}
 * @param point such as {@code 64x32x64}
 * @param series of all contestants that went through to the end
 * @param absent those that did not, with the reason
 */
public record PointResult(String scenario, String point, List<Series> series, Map<String, String> absent) {
    /** Keeps copies. */
    public PointResult {
        series = List.copyOf(series);
        absent = Collections.unmodifiableMap(new TreeMap<>(absent));
    }

    /** Makes the result of a point at which nobody failed. */
    public PointResult(String scenario, String point, List<Series> series) {
        this(scenario, point, series, Map.of());
    }

    /** Returns those that were measured, in the order of the series. */
    public List<String> contestants() {
        return series.stream().map(Series::contestant).distinct().toList();
    }

    /** Finds a figure of a contestant. */
    public Optional<Series> series(String contestant, Figure figure) {
        return series.stream()
                .filter(one -> one.contestant().equals(contestant) && one.figure() == figure)
                .findFirst();
    }

    /** Returns the median of a figure of a contestant, if it was measured. */
    public OptionalDouble median(String contestant, Figure figure) {
        return series(contestant, figure).stream().mapToDouble(Series::median).findFirst();
    }

    /** Returns who did best among those that Millrace is put beside: not itself, nor a bare program. */
    public Optional<String> bestPeer(Figure figure) {
        Comparator<String> better = Comparator.comparingDouble(
                contestant -> median(contestant, figure).orElseThrow() * (figure.isBetterLow() ? 1 : -1));
        return contestants().stream()
                .filter(PointResult::isPeer)
                .filter(contestant -> median(contestant, figure).isPresent())
                .min(better);
    }

    /** Returns whether a contestant is a framework that others use, rather than Millrace or a bare program. */
    public static boolean isPeer(String contestant) {
        return !contestant.startsWith("millrace") && !contestant.endsWith("-bare");
    }

    /** Returns this result with more that are absent. */
    public PointResult withAbsent(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(absent);
        all.putAll(more);
        return new PointResult(scenario, point, series, all);
    }

    /** Returns whether this is the same point of the same scenario. */
    boolean isSamePoint(PointResult other) {
        return scenario.equals(other.scenario) && point.equals(other.point);
    }
}
