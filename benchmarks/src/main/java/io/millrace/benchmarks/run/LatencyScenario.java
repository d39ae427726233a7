package io.millrace.benchmarks.run;

import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import java.io.IOException;
import java.util.List;

/**
 * Latency at rates that are the same for all: messages are sent on a schedule, and latency counts from it. A point is a
 * point of the echo, and a rate: {@code 64x1x64 at 50 %} of what the slowest contestant echoes there with its messages
 * always in flight, or {@code 64x1x64 at 20000/s}.
 */
public final class LatencyScenario implements Scenario {
    /** What is published. */
    public static final List<String> POINTS = List.of("64x1x64", "1000x1x64");

    /** Shares of the slowest contestant's throughput: idle, busy, near its limit. */
    private static final List<String> SHARES = List.of("20 %", "50 %", "80 %");

    /** Tails need more messages than a mean does. */
    private static final int LONGER_ROUNDS = 2;

    private final List<String> rates;

    /** Makes one with the published rates. */
    public LatencyScenario() {
        this(List.of());
    }

    /** Makes one with given rates, in messages per second over all connections; with shares if there are none. */
    public LatencyScenario(List<Integer> perSecond) {
        rates = perSecond.isEmpty()
                ? SHARES
                : perSecond.stream()
                        .map(rate -> rate + LatencySubject.PER_SECOND)
                        .toList();
    }

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.of(name(), Role.ECHO, plan.withRoundMillis(LONGER_ROUNDS * plan.roundMillis()));
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(EchoPoint::parse)
                        .map(point -> comparison(entrants, point))
                        .toList(),
                progress);
    }

    private Comparison comparison(Entrants entrants, EchoPoint point) {
        SlowestRate slowest = new SlowestRate();
        return new Comparison(
                rates.stream().map(rate -> point + LatencySubject.AT + rate).toList(),
                point.connections(),
                entrants.contestants(),
                contestant -> new LatencySubject(EchoScenario.open(contestant, point), slowest));
    }
}
