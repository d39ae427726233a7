package io.millrace.benchmarks.report;

import static io.millrace.benchmarks.finding.Sample.cpu;
import static io.millrace.benchmarks.finding.Sample.point;
import static io.millrace.benchmarks.finding.Sample.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublicationTest {
    private static final Path REPOSITORY = Path.of("..");
    private static final String PLACE =
            """
            <!-- performance: the report command of benchmarks writes what follows -->
            <!-- performance: end -->
            """;

    @Test
    void pageChartsAndReadmeOfTheRepositoryAreWhatTheResultsRenderTo() throws IOException {
        Publication publication = new Publication(REPOSITORY);
        Map<String, String> files = publication.render(RunResult.read(publication.results()));
        for (Map.Entry<String, String> file : files.entrySet()) {
            assertEquals(
                    file.getValue(),
                    Files.readString(REPOSITORY.resolve(file.getKey())),
                    file.getKey() + " is not what docs/performance/results.json renders to; "
                            + "run the report command with --from docs/performance/results.json");
        }
    }

    @Test
    void everythingIsWrittenAndWrittenAgainTheSame(@TempDir Path root) throws IOException {
        Path readme = Files.writeString(root.resolve("README.md"), "# Name\n" + PLACE + "the end\n");
        RunResult run = run(
                point(Part.ECHO, "64x1x64", cpu("millrace", 90), cpu("netty-nio", 100)),
                point(Part.CURVES, "10x1x64", cpu("millrace", 90), cpu("nio2-bare", 100)));
        new Publication(root).write(run);
        String written = Files.readString(readme);
        assertTrue(written.startsWith("# Name\n<!-- performance"), written);
        assertTrue(written.contains("| 64x1x64 | 1.11 [1.11, 1.11] | *not measured* |\n"), written);
        assertTrue(written.endsWith("<!-- performance: end -->\nthe end\n"), written);

        Publication again = new Publication(root);
        Map<String, String> files = again.render(RunResult.read(again.results()));
        assertEquals(
                Set.of(
                        "README.md",
                        "docs/performance.md",
                        "docs/performance/echo.svg",
                        "docs/performance/curves-connections-cpu.svg"),
                files.keySet());
        for (Map.Entry<String, String> file : files.entrySet()) {
            assertEquals(file.getValue(), Files.readString(root.resolve(file.getKey())));
        }
    }

    @Test
    void readmeWithoutAPlaceForTheSummaryIsAnErrorBeforeAnythingIsMeasured(@TempDir Path root) throws IOException {
        assertTrue(refusal(root).contains("it has no README.md"));
        Files.writeString(root.resolve("README.md"), "# Name\n");
        assertTrue(refusal(root).contains("README.md has no place for the summary"));
    }

    private static String refusal(Path root) {
        return assertThrows(IllegalArgumentException.class, () -> new Publication(root))
                .getMessage();
    }
}
