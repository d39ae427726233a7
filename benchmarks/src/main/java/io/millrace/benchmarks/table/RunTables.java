package io.millrace.benchmarks.table;

import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import java.util.stream.Collectors;

/** A whole run, for a person to read. */
public final class RunTables {
    private static final String TIMES_BETTER = "Times better, with 95 % confidence intervals:";

    private RunTables() {}

    /** Returns all tables for a terminal. */
    public static String text(RunResult run) {
        StringBuilder text = new StringBuilder();
        for (PointResult point : run.points()) {
            PointTables tables = new PointTables(point);
            text.append("\n").append(title(point)).append("\n\n");
            if (!point.series().isEmpty()) {
                text.append(tables.figures().text())
                        .append("\n")
                        .append(TIMES_BETTER)
                        .append("\n");
                text.append(tables.advantages().text());
            }
            tables.notes().forEach(note -> text.append(note).append("\n"));
        }
        return text.toString();
    }

    /** Returns all tables as Markdown, with where and how they were measured. */
    public static String markdown(RunResult run) {
        StringBuilder text =
                new StringBuilder("# Millrace beside its peers\n\n").append(environment(run.environment()));
        for (PointResult point : run.points()) {
            PointTables tables = new PointTables(point);
            text.append("\n## ").append(title(point)).append("\n\n");
            if (!point.series().isEmpty()) {
                text.append(tables.figures().markdown())
                        .append("\n")
                        .append(TIMES_BETTER)
                        .append("\n\n");
                text.append(tables.advantages().markdown());
            }
            tables.notes().forEach(note -> text.append("\n").append(note).append("\n"));
        }
        return text.toString();
    }

    private static String title(PointResult point) {
        return point.scenario() + " " + point.point();
    }

    private static String environment(Environment environment) {
        String versions = environment.versions().entrySet().stream()
                .map(version -> version.getKey() + " " + version.getValue())
                .collect(Collectors.joining(", "));
        return "- Measured: " + environment.when() + " by `" + environment.command() + "`\n- Machine: "
                + environment.machine() + ", " + environment.processors() + " processors, " + environment.kernel()
                + "\n- JDK: " + environment.jdk() + "\n- Versions: " + versions + "\n";
    }
}
