package io.millrace.benchmarks.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(60)
@Tag("heavy") // starts many JVMs
class CompareIT {
    @Test
    void twoContestantsAreMeasuredAndWrittenDown(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("results.json");
        Path markdown = folder.resolve("results.md");
        int exit = new CommandLine(new CompareCommand())
                .execute(
                        "--contestants=millrace,nio2-bare",
                        "--points=2x2x64",
                        "--trials=1",
                        "--rounds=2",
                        "--warm=10",
                        "--round-time=20",
                        "--out=" + json,
                        "--markdown=" + markdown);
        assertEquals(0, exit);
        PointResult point = RunResult.read(json).points().get(0);
        assertEquals(List.of("millrace", "nio2-bare"), point.contestants());
        for (String contestant : point.contestants()) {
            assertEquals(
                    2,
                    point.series(contestant, Figure.CPU_NANOS_PER_MESSAGE)
                            .orElseThrow()
                            .values()
                            .size());
            assertTrue(point.median(contestant, Figure.MESSAGES_PER_SECOND).orElseThrow() > 0);
            assertTrue(point.median(contestant, Figure.RESIDENT_BYTES).orElseThrow() > 0);
        }
        assertTrue(Files.readString(markdown).contains("## echo 2x2x64"));
    }

    @Test
    void unknownContestantIsRefusedWithTheUsage() {
        assertEquals(2, new CommandLine(new CompareCommand()).execute("--contestants=nobody"));
    }
}
