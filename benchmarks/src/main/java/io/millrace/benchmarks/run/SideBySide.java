package io.millrace.benchmarks.run;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Measures contestants in turns: all are alive at once, only one has load. In each trial all start afresh; each round
 * has an order of its own, the same in every run. One that fails is left out from that point on, and the others go on.
 *
 * <p><b>Threading:</b> not thread-safe; one measurement each.
 */
public final class SideBySide {
    private static final long SEED = 20_260_611;

    private final String scenario;
    private final RunPlan plan;
    private final Progress progress;
    private final Random random = new Random(SEED);

    private final Comparison comparison;

    // Confined to the measuring thread.
    private final List<Map<String, Map<Figure, List<Double>>>> values;
    private final Map<String, Failure> failures = new LinkedHashMap<>();
    private final Map<String, Subject> alive = new LinkedHashMap<>();

    /** A contestant fails once: at this point it is missing, and at those behind it. */
    private record Failure(int point, String reason) {}

    /** One thing that is done with a contestant. */
    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private SideBySide(String scenario, RunPlan plan, Progress progress, Comparison comparison) {
        this.scenario = scenario;
        this.plan = plan;
        this.progress = progress;
        this.comparison = comparison;
        values = comparison.points().stream()
                .map(point ->
                        (Map<String, Map<Figure, List<Double>>>) new LinkedHashMap<String, Map<Figure, List<Double>>>())
                .toList();
    }

    /**
     * What is compared.
     *
     * @param points one after another, with the same processes
     * @param contestants in the order of tables
     * @param opener starts each
     */
    public record Comparison(List<String> points, List<String> contestants, Subject.Opener opener) {
        /** Returns how many steps of progress it takes under a plan. */
        public long steps(RunPlan plan) {
            return (long) plan.trials() * contestants.size() * (1 + (long) plan.roundsPerTrial() * points.size());
        }
    }

    /** Measures, and returns a result for each point. Steps of progress must have been announced. */
    public static List<PointResult> measure(String scenario, RunPlan plan, Progress progress, Comparison comparison) {
        return new SideBySide(scenario, plan, progress, comparison).measure();
    }

    private List<PointResult> measure() {
        for (int trial = 0; trial < plan.trials(); trial++) {
            try {
                start();
                for (int point = 0; point < comparison.points().size(); point++) {
                    rounds(point);
                }
            } finally {
                alive.values().forEach(Subject::close);
                alive.clear();
            }
        }
        return IntStream.range(0, comparison.points().size())
                .mapToObj(this::result)
                .toList();
    }

    private void start() {
        for (String contestant : comparison.contestants()) {
            attempt(
                    0,
                    contestant,
                    "starts",
                    () -> alive.put(contestant, comparison.opener().open(contestant)));
        }
        for (String contestant : comparison.contestants()) {
            attempt(0, contestant, "warms up", () -> subject(contestant).warm(plan.warmMillis()));
            progress.step();
        }
    }

    private void rounds(int point) {
        List<String> order = new ArrayList<>(comparison.contestants());
        for (int round = 0; round < plan.roundsPerTrial(); round++) {
            Collections.shuffle(order, random);
            for (String contestant : order) {
                attempt(
                        point,
                        contestant,
                        "is measured",
                        () -> add(
                                point,
                                contestant,
                                subject(contestant).measure(comparison.points().get(point), plan.roundMillis())));
                progress.step();
            }
        }
        for (String contestant : comparison.contestants()) {
            attempt(
                    point,
                    contestant,
                    "rests",
                    () -> add(point, contestant, subject(contestant).atRest()));
        }
    }

    private void attempt(int point, String contestant, String what, Step step) {
        Failure known = failures.get(contestant);
        if (known != null && known.point() <= point) {
            return;
        }
        progress.doing(scenario + " " + comparison.points().get(point) + ": " + contestant + " " + what);
        try {
            step.run();
        } catch (Exception e) {
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            failures.put(contestant, new Failure(point, reason));
            progress.note(scenario + " " + comparison.points().get(point) + ": without " + contestant + ": " + reason);
            Subject dead = alive.remove(contestant);
            if (dead != null) {
                dead.close();
            }
        }
    }

    private Subject subject(String contestant) {
        Subject subject = alive.get(contestant);
        if (subject == null) {
            throw new IllegalStateException(contestant + " is not alive");
        }
        return subject;
    }

    private void add(int point, String contestant, Map<Figure, Double> measured) {
        Map<Figure, List<Double>> known =
                values.get(point).computeIfAbsent(contestant, name -> new EnumMap<>(Figure.class));
        measured.forEach((figure, value) ->
                known.computeIfAbsent(figure, name -> new ArrayList<>()).add(value));
    }

    private PointResult result(int point) {
        List<Series> series = new ArrayList<>();
        Map<String, String> absent = new LinkedHashMap<>();
        for (String contestant : comparison.contestants()) {
            Failure failure = failures.get(contestant);
            if (failure != null && failure.point() <= point) {
                absent.put(contestant, failure.reason());
            } else {
                values.get(point)
                        .getOrDefault(contestant, Map.of())
                        .forEach((figure, list) -> series.add(new Series(contestant, figure, list)));
            }
        }
        return new PointResult(scenario, comparison.points().get(point), series, absent);
    }
}
