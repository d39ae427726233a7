package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.result.Series;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Made-up results, each figure with no spread but what a test gives it. */
public final class Sample {
    private static final int ROUNDS = 15;

    private Sample() {}

    /** Returns a run of these points. */
    public static RunResult run(PointResult... points) {
        Environment environment = new Environment(
                "2020-01-02T03:04:05Z", "A processor", 2, "Linux", "17", Map.of("netty", "4.2"), "report");
        return new RunResult(environment, List.of(points));
    }

    /** Returns a point with the headline of its scenario only. */
    public static PointResult point(Part part, String name, Series... series) {
        return new PointResult(part.scenario(), name, List.of(series));
    }

    /** Returns a figure that is always the same. */
    public static Series series(String contestant, Figure figure, double value) {
        return new Series(
                contestant,
                figure,
                IntStream.range(0, ROUNDS).mapToObj(i -> value).toList());
    }

    /** Returns a figure whose rounds lie evenly around a value. */
    public static Series spread(String contestant, Figure figure, double value, double step) {
        return new Series(
                contestant,
                figure,
                IntStream.range(0, ROUNDS)
                        .mapToObj(i -> value + (i - ROUNDS / 2) * step)
                        .toList());
    }

    /** Returns processor time per message. */
    public static Series cpu(String contestant, double nanos) {
        return series(contestant, Figure.CPU_NANOS_PER_MESSAGE, nanos);
    }
}
