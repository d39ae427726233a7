package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The figures of a point as they come in, and who failed.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
final class Tally {
    private final Map<String, Map<Figure, List<Double>>> values = new LinkedHashMap<>();
    private final Map<String, String> absent = new TreeMap<>();

    /** Takes the contestants in the order of the result. */
    Tally(List<String> contestants) {
        contestants.forEach(contestant -> values.put(contestant, new EnumMap<>(Figure.class)));
    }

    /** Returns whether a contestant has not failed. */
    boolean isIn(String contestant) {
        return !absent.containsKey(contestant);
    }

    /** Takes one round's figures. */
    void add(String contestant, Map<Figure, Double> round) {
        Map<Figure, List<Double>> figures = values.getOrDefault(contestant, Map.of());
        round.forEach((figure, value) ->
                figures.computeIfAbsent(figure, any -> new ArrayList<>()).add(value));
    }

    /** Takes a contestant out, with all that it has had so far. */
    void fail(String contestant, Exception cause) {
        values.remove(contestant);
        absent.put(contestant, String.valueOf(cause.getMessage()));
    }

    PointResult result(String scenario, String point) {
        List<Series> series = new ArrayList<>();
        values.forEach((contestant, figures) ->
                figures.forEach((figure, each) -> series.add(new Series(contestant, figure, each))));
        return new PointResult(scenario, point, series, absent);
    }
}
