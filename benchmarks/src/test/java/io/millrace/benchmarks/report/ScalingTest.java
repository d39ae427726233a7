package io.millrace.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/scaling.md reckons with is about what was measured last. */
class ScalingTest {
    private static final Path REPOSITORY = Path.of("..");

    /** How far a value of the page may be from the measured one: it is rounded, and runs differ. */
    private static final double HALF_AS_MUCH_AGAIN = 1.5;

    /** A row of the table of measured values: its name, value, unit, scenario, point and figure. */
    private static final Pattern ROW = Pattern.compile(
            "(?m)^\\| (M\\d+) \\| .* \\| ([\\d.]+) (\\w+) \\| \\[([\\w-]+) ([^\\]]+)\\]\\(.*\\), (.+) \\|$");

    private static final Map<String, Double> UNITS =
            Map.of("B", 1.0, "KiB", 1024.0, "ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9);

    @Test
    void whatScalingReckonsWithIsWhatWasMeasured() throws IOException {
        RunResult run = RunResult.read(REPOSITORY.resolve("docs/performance/results.json"));
        List<MatchResult> rows = ROW.matcher(Files.readString(REPOSITORY.resolve("docs/scaling.md")))
                .results()
                .toList();

        assertEquals(10, rows.size(), "rows M1 to M10 of docs/scaling.md: has their form changed?");
        for (MatchResult row : rows) {
            double planned = Double.parseDouble(row.group(2)) * UNITS.get(row.group(3));
            double measured = measured(run, row.group(4), row.group(5), row.group(6));
            double off = Math.max(planned / measured, measured / planned);
            assertTrue(
                    off <= HALF_AS_MUCH_AGAIN,
                    row.group() + " in docs/scaling.md: " + measured + " was measured; work the page out again");
        }
    }

    private static double measured(RunResult run, String scenario, String point, String title) {
        Figure figure = Arrays.stream(Figure.values())
                .filter(one -> one.title().equals(title))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no figure is called " + title));
        PointResult result = run.points().stream()
                .filter(one -> one.scenario().equals(scenario) && one.point().equals(point))
                .findFirst()
                .orElseThrow(() -> new AssertionError(scenario + " " + point + " is not in the results"));
        return result.median("millrace", figure).orElseThrow();
    }
}
