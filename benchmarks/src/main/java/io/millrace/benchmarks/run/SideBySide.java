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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Measures contestants in turns: all are alive at once, only one has load. In each trial all start afresh; each round
 * has an order of its own, the same in every run. One that fails is left out from that point on, and the others go on.
 *
 * <p><b>Threading:</b> not thread-safe; one measurement each.
 */
public final class SideBySide {
    private static final long SEED = 20_260_611;

    /** While the server of one starts on its processor, the load of another starts on the other. */
    private static final int STARTERS = 2;

    private final String scenario;
    private final RunPlan plan;
    private final Progress progress;
    private final Random random = new Random(SEED);

    private final Comparison comparison;

    // Confined to the measuring thread. For each point, by contestant and figure: a value for each of its turns.
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
     * @param connections the most that any of them needs
     * @param contestants in the order of tables
     * @param opener starts each
     * @param isAlone whether only one is alive at a time, because each fills the machine
     */
    public record Comparison(
            List<String> points, int connections, List<String> contestants, Subject.Opener opener, boolean isAlone) {
        /** Makes a comparison of contestants that are all alive. */
        public Comparison(List<String> points, int connections, List<String> contestants, Subject.Opener opener) {
            this(points, connections, contestants, opener, false);
        }

        /** Returns this for contestants of which only one can be alive. */
        public Comparison alone() {
            return new Comparison(points, connections, contestants, opener, true);
        }

        /** Returns how many steps of progress it takes under a plan. */
        public long steps(RunPlan plan) {
            long starts = contestants.stream().mapToInt(plan::trialsOf).sum();
            return starts * (1 + (long) plan.roundsPerTrial() * points.size());
        }
    }

    /** Measures, and returns a result for each point. Steps of progress must have been announced. */
    public static List<PointResult> measure(String scenario, RunPlan plan, Progress progress, Comparison comparison) {
        return new SideBySide(scenario, plan, progress, comparison).measure();
    }

    private List<PointResult> measure() {
        for (int trial = 0; trial < plan.trials(); trial++) {
            for (List<String> group : groups(trial)) {
                trial(group);
            }
        }
        return IntStream.range(0, comparison.points().size())
                .mapToObj(this::result)
                .toList();
    }

    /** Returns who is alive together. */
    private List<List<String>> groups(int trial) {
        List<String> present = comparison.contestants().stream()
                .filter(contestant -> trial < plan.trialsOf(contestant))
                .toList();
        return comparison.isAlone() ? present.stream().map(List::of).toList() : List.of(present);
    }

    private void trial(List<String> contestants) {
        try {
            start(contestants);
            for (int point = 0; point < comparison.points().size(); point++) {
                rounds(point, contestants);
            }
        } finally {
            alive.values().forEach(Subject::close);
            alive.clear();
        }
    }

    private void start(List<String> contestants) {
        Map<String, Future<Subject>> starting = new LinkedHashMap<>();
        ExecutorService starters = Executors.newFixedThreadPool(STARTERS);
        for (String contestant : contestants) {
            if (!hasFailed(contestant, 0)) {
                starting.put(
                        contestant, starters.submit(() -> comparison.opener().open(contestant)));
            }
        }
        starters.shutdown();
        starting.forEach((contestant, subject) ->
                attempt(0, contestant, "starts", () -> alive.put(contestant, started(subject))));
        for (String contestant : contestants) {
            attempt(0, contestant, "warms up", () -> subject(contestant).warm(plan.warmMillis()));
            progress.step();
        }
    }

    private static Subject started(Future<Subject> subject) throws Exception {
        try {
            return subject.get(); // ends, because each line of a child has a limit
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private void rounds(int point, List<String> contestants) {
        List<String> order = new ArrayList<>(contestants);
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
        for (String contestant : contestants) {
            attempt(
                    point,
                    contestant,
                    "rests",
                    () -> add(point, contestant, subject(contestant).atRest()));
        }
    }

    private boolean hasFailed(String contestant, int point) {
        Failure known = failures.get(contestant);
        return known != null && known.point() <= point;
    }

    private void attempt(int point, String contestant, String what, Step step) {
        if (hasFailed(contestant, point)) {
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
