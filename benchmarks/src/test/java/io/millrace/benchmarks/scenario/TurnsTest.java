package io.millrace.benchmarks.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final RunPlan PLAN = new RunPlan(2, 2, 10, 1, Set.of(), List.of());

    private final List<String> events = new ArrayList<>();

    @Test
    void roundsOfAllContestantsTakeTurns() throws Exception {
        try (Progress progress = Progress.start("test")) {
            new Turns("s", PLAN, progress).side("p", List.of("a", "b"), Recorded::new);
        }
        List<String> trial = List.of(
                "open a", "warm a", "open b", "warm b", "round a", "round b", "round a", "round b", "close a",
                "close b");
        assertEquals(twice(trial), events);
    }

    @Test
    void contestantsThatFillTheMachineAreAliveOneAfterTheOther() throws Exception {
        try (Progress progress = Progress.start("test")) {
            new Turns("s", PLAN, progress).alone("p", List.of("a", "b"), Recorded::new);
        }
        List<String> trial = List.of(
                "open a", "warm a", "round a", "round a", "close a", "open b", "warm b", "round b", "round b",
                "close b");
        assertEquals(twice(trial), events);
    }

    @Test
    void contestantThatFailsIsLeftOutWithTheReasonAndOthersGoOn() throws Exception {
        PointResult result;
        try (Progress progress = Progress.start("test")) {
            result = new Turns("s", PLAN, progress).side("p", List.of("broken", "b"), Recorded::new);
        }
        assertEquals(Map.of("broken", "it broke"), result.absent());
        assertEquals(List.of("b"), result.contestants());
        assertEquals(
                List.of(1.0, 1.0, 1.0, 1.0),
                result.series("b", Figure.MESSAGES_PER_SECOND).orElseThrow().values());
        assertEquals(1, events.stream().filter("open broken"::equals).count());
        assertEquals(1, events.stream().filter("close broken"::equals).count());
    }

    private static List<String> twice(List<String> trial) {
        List<String> both = new ArrayList<>(trial);
        both.addAll(trial);
        return both;
    }

    /** Writes down what is done to it; one that is called broken breaks in its first round. */
    private final class Recorded implements Turn {
        private final String name;

        Recorded(String name) {
            this.name = name;
            events.add("open " + name);
        }

        @Override
        public void warm(int millis) {
            events.add("warm " + name);
        }

        @Override
        public Map<Figure, Double> round(int millis) throws IOException {
            events.add("round " + name);
            if (name.equals("broken")) {
                throw new IOException("it broke");
            }
            return Map.of(Figure.MESSAGES_PER_SECOND, 1.0);
        }

        @Override
        public void close() {
            events.add("close " + name);
        }
    }
}
