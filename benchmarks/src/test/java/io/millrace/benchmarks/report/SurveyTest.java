package io.millrace.benchmarks.report;

import static io.millrace.benchmarks.finding.Sample.cpu;
import static io.millrace.benchmarks.finding.Sample.point;
import static io.millrace.benchmarks.finding.Sample.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurveyTest {
    private static final PointResult KNOWN = point(Part.PROXY, "64x32x64", cpu("millrace", 3));
    private static final PointResult OLD = point(Part.ECHO, "64x1x64", cpu("millrace", 2));
    private static final PointResult NEW = point(Part.ECHO, "64x1x64", cpu("millrace", 1));

    @Test
    void scenarioThatFailsIsNamedKeepsWhatWasKnownAndDoesNotStopTheOthers(@TempDir Path root) throws Exception {
        Publication publication = publication(root);
        Survey survey = new Survey(publication, RunPlan.quick(), run().environment());
        List<Scenario> scenarios = List.of(new Fake(Part.PROXY, null), new Fake(Part.ECHO, NEW));
        Map<String, Exception> failures = survey.run(run(KNOWN), scenarios);
        assertEquals(Set.of("proxy"), failures.keySet());
        assertEquals(List.of(KNOWN, NEW), RunResult.read(publication.results()).points());
        assertTrue(Files.readString(root.resolve("docs/performance.md")).contains("#### echo 64x1x64"));
    }

    @Test
    void scenarioMeasuredAgainReplacesItsPointsAndKeepsTheOthers(@TempDir Path root) throws Exception {
        Publication publication = publication(root);
        new Survey(publication, RunPlan.quick(), run().environment())
                .run(run(OLD, KNOWN), List.of(new Fake(Part.ECHO, NEW)));
        assertEquals(List.of(NEW, KNOWN), RunResult.read(publication.results()).points());
    }

    @Test
    void everyScenarioHasItsPartOfThePageInTheSameOrder() {
        List<Part> parts = Scenarios.all().stream()
                .map(scenario -> Part.of(scenario.name()))
                .toList();
        assertEquals(parts.stream().distinct().sorted().toList(), parts);
    }

    private static Publication publication(Path root) throws IOException {
        Files.writeString(
                root.resolve("README.md"),
                "<!-- performance: the report command of benchmarks writes what follows -->\n"
                        + "<!-- performance: end -->\n");
        return new Publication(root);
    }

    /** Has measured already, or fails. */
    private record Fake(Part part, PointResult result) implements Scenario {
        @Override
        public String name() {
            return part.scenario();
        }

        @Override
        public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
            if (result == null) {
                throw new IOException("it broke");
            }
            return List.of(result);
        }
    }
}
