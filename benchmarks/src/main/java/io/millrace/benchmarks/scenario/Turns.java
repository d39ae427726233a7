package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the contestants of a scenario's points their turns: A B C A B C. One that fails is left out from then on, with
 * the reason.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
public final class Turns {
    private final String scenario;
    private final RunPlan plan;
    private final Progress progress;

    /** Makes turns for a scenario. */
    public Turns(String scenario, RunPlan plan, Progress progress) {
        this.scenario = scenario;
        this.plan = plan;
        this.progress = progress;
    }

    /** Says how many points with how many contestants are to come. */
    public void expect(int points, int contestants) {
        progress.expect((long) points * contestants * plan.trials() * (1 + plan.roundsPerTrial()));
    }

    /** Measures with all contestants alive during a trial; only the one whose turn it is has load. */
    public PointResult side(String point, List<String> contestants, Turn.Opening opening) throws IOException {
        Tally tally = new Tally(contestants);
        for (int trial = 0; trial < plan.trials(); trial++) {
            Map<String, Turn> alive = new LinkedHashMap<>();
            try {
                for (String contestant : contestants) {
                    attempt(tally, point, contestant, () -> {
                        Turn turn = opening.open(contestant);
                        alive.put(contestant, turn);
                        turn.warm(plan.warmMillis());
                    });
                }
                for (int round = 0; round < plan.roundsPerTrial(); round++) {
                    alive.forEach((contestant, turn) -> round(tally, point, contestant, turn));
                }
            } finally {
                close(alive);
            }
        }
        return tally.result(scenario, point);
    }

    /** Measures one contestant after the other in a trial, each alone: for those that fill the machine. */
    public PointResult alone(String point, List<String> contestants, Turn.Opening opening) throws IOException {
        Tally tally = new Tally(contestants);
        for (int trial = 0; trial < plan.trials(); trial++) {
            for (String contestant : contestants) {
                attempt(tally, point, contestant, () -> {
                    try (Turn turn = opening.open(contestant)) {
                        turn.warm(plan.warmMillis());
                        for (int round = 0; round < plan.roundsPerTrial(); round++) {
                            round(tally, point, contestant, turn);
                        }
                    }
                });
            }
        }
        return tally.result(scenario, point);
    }

    private void round(Tally tally, String point, String contestant, Turn turn) {
        attempt(tally, point, contestant, () -> tally.add(contestant, turn.round(plan.roundMillis())));
    }

    private void attempt(Tally tally, String point, String contestant, Step step) {
        progress.doing(scenario + " " + point + " " + contestant);
        if (tally.isIn(contestant)) {
            try {
                step.run();
            } catch (IOException | RuntimeException e) {
                progress.note(scenario + " " + point + ": " + contestant + " is left out: " + e);
                tally.fail(contestant, e);
            }
        }
        progress.step();
    }

    private static void close(Map<String, Turn> turns) throws IOException {
        for (Turn turn : turns.values()) {
            turn.close();
        }
    }

    /** What may fail for one contestant. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
