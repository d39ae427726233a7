package io.millrace.benchmarks.micro;

import java.util.Collection;
import java.util.Locale;
import java.util.StringJoiner;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** The results of a run as a Markdown table. */
final class ResultTable {
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private ResultTable() {}

    /** Returns a line for each benchmark: what it is, what it takes, and what it allocates. */
    static String of(Collection<RunResult> results) {
        StringBuilder table = new StringBuilder(
                """
                | benchmark | parameters | ns | error | bytes allocated |
                |---|---|---:|---:|---:|
                """);
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            Result<?> score = result.getPrimaryResult();
            Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %.1f | %s | %s |%n",
                    shortName(params.getBenchmark()),
                    parameters(params),
                    score.getScore(),
                    Double.isNaN(score.getScoreError())
                            ? ""
                            : String.format(Locale.ROOT, "%.1f", score.getScoreError()),
                    allocated == null ? "" : String.format(Locale.ROOT, "%.1f", allocated.getScore())));
        }
        return table.toString();
    }

    private static String shortName(String benchmark) {
        int method = benchmark.lastIndexOf('.');
        return benchmark.substring(benchmark.lastIndexOf('.', method - 1) + 1);
    }

    private static String parameters(BenchmarkParams params) {
        StringJoiner text = new StringJoiner(", ");
        for (String name : params.getParamsKeys()) {
            text.add(name + "=" + params.getParam(name));
        }
        return text.toString();
    }
}
