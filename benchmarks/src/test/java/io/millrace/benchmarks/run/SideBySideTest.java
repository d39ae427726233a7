package io.millrace.benchmarks.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SideBySideTest {
    private static final RunPlan PLAN = new RunPlan(2, 3, 0, 1, Set.of(), List.of());
    private static final List<String> NAMES = List.of("a", "b", "c");

    private final List<String> events = new ArrayList<>();

    @Test
    void everyoneHasOneTurnInEachRound() {
        measure(List.of("p"), "nobody", "never");
        List<String> turns = turns(events);
        assertEquals(18, turns.size());
        for (int i = 0; i < turns.size(); i += NAMES.size()) {
            assertEquals(
                    Set.of("measure a p", "measure b p", "measure c p"),
                    Set.copyOf(turns.subList(i, i + NAMES.size())));
        }
    }

    @Test
    void ordersChangeFromRoundToRoundButNotFromRunToRun() {
        measure(List.of("p"), "nobody", "never");
        List<String> first = List.copyOf(events);
        events.clear();
        measure(List.of("p"), "nobody", "never");
        assertEquals(turns(first), turns(events));
        List<String> turns = turns(events);
        assertTrue(
                Set.of(turns.subList(0, 3), turns.subList(3, 6), turns.subList(6, 9))
                                .size()
                        > 1,
                turns::toString);
    }

    @Test
    void allAreAliveBeforeTheFirstTurnAndClosedAfterEachTrial() {
        measure(List.of("p"), "nobody", "never");
        assertEquals(Set.of("open a", "open b", "open c"), Set.copyOf(events.subList(0, 3)));
        assertEquals(List.of("warm a", "warm b", "warm c"), events.subList(3, 6));
        assertEquals(
                6, events.stream().filter(event -> event.startsWith("close")).count());
        assertTrue(events.get(events.size() - 1).startsWith("close"));
    }

    @Test
    void oneThatFailsIsNamedWithTheReasonAndTheOthersGoOn() {
        PointResult result = measure(List.of("p"), "b", "warm").get(0);
        assertEquals(Map.of("b", "b fails to warm"), result.absent());
        assertEquals(List.of("a", "c"), result.contestants());
        assertEquals(
                6, result.series("a", Figure.P50_NANOS).orElseThrow().values().size());
        assertEquals(
                2, result.series("c", Figure.HEAP_BYTES).orElseThrow().values().size());
        assertTrue(events.contains("close b"));
        assertEquals(1, events.stream().filter(event -> event.equals("open b")).count());
    }

    @Test
    void oneThatFailsAtThePointInTheMiddleKeepsThePointBefore() {
        List<PointResult> results = measure(List.of("p", "q", "r"), "b", "measure q");
        assertEquals(NAMES, results.get(0).contestants());
        assertEquals(
                6,
                results.get(0)
                        .series("b", Figure.P50_NANOS)
                        .orElseThrow()
                        .values()
                        .size());
        assertEquals(List.of("a", "c"), results.get(1).contestants());
        assertEquals(Map.of("b", "b fails to measure q"), results.get(2).absent());
    }

    @Test
    void oneThatDoesNotEvenStartIsNamed() {
        assertEquals(
                Map.of("c", "c fails to open"),
                measure(List.of("p"), "c", "open").get(0).absent());
    }

    @Test
    void contestantsThatFillTheMachineAreAliveOneAfterTheOther() {
        measure(PLAN, comparison(List.of("p"), "nobody", "never").alone());
        List<String> lives = events.stream()
                .filter(event -> event.startsWith("open") || event.startsWith("close"))
                .toList();
        List<String> trial = List.of("open a", "close a", "open b", "close b", "open c", "close c");
        assertEquals(trial, lives.subList(0, 6));
        assertEquals(trial, lives.subList(6, 12));
    }

    @Test
    void oneThatIsWantedOnceIsInTheFirstTrialOnly() {
        RunPlan plan = PLAN.withOnce(Set.of("b"));
        Comparison comparison = comparison(List.of("p"), "nobody", "never");
        assertEquals((2 + 1 + 2) * (1 + 3), comparison.steps(plan));
        PointResult result = measure(plan, comparison).get(0);
        assertEquals(NAMES, result.contestants());
        assertEquals(
                3, result.series("b", Figure.P50_NANOS).orElseThrow().values().size());
        assertEquals(
                6, result.series("a", Figure.P50_NANOS).orElseThrow().values().size());
        assertEquals(1, events.stream().filter("open b"::equals).count());
    }

    private static List<String> turns(List<String> events) {
        return events.stream().filter(event -> event.startsWith("measure")).toList();
    }

    /** Measures with one contestant that fails at one thing. */
    private List<PointResult> measure(List<String> points, String failing, String at) {
        return measure(PLAN, comparison(points, failing, at));
    }

    private Comparison comparison(List<String> points, String failing, String at) {
        return new Comparison(points, 1, NAMES, name -> {
            String failure = name.equals(failing) ? at : "";
            event(name, "open", failure);
            return new Fake(name, failure);
        });
    }

    private static List<PointResult> measure(RunPlan plan, Comparison comparison) {
        try (Progress progress = Progress.lines(
                "test", new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))) {
            progress.expect(comparison.steps(plan));
            return SideBySide.measure("fake", plan, progress, comparison);
        }
    }

    // Several contestants open at once.
    private synchronized void event(String name, String what, String failure) throws IOException {
        if (failure.equals(what)) {
            throw new IOException(name + " fails to " + what);
        }
        int space = what.indexOf(' ');
        events.add(space < 0 ? what + " " + name : what.substring(0, space) + " " + name + what.substring(space));
    }

    private final class Fake implements Subject {
        private final String name;
        private final String failure;

        Fake(String name, String failure) {
            this.name = name;
            this.failure = failure;
        }

        @Override
        public void warm(int millis) throws IOException {
            event(name, "warm", failure);
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            event(name, "measure " + point, failure);
            return Map.of(Figure.P50_NANOS, 1.0);
        }

        @Override
        public Map<Figure, Double> atRest() {
            return Map.of(Figure.HEAP_BYTES, 2.0);
        }

        @Override
        public void close() {
            events.add("close " + name);
        }
    }
}
