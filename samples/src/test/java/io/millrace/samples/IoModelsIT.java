package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@Tag("heavy")
class IoModelsIT {
    @TempDir
    private Path folder;

    @Test
    void rungsAreMeasuredShownAndPublished() throws Exception {
        Files.copy(Path.of("../docs/io-models.md"), folder.resolve("io-models.md"));
        Path chart = folder.resolve("chart.svg");

        CommandRun run = CommandRun.of(
                new IoModels(),
                "--rungs=selector,millrace",
                "--connections=1,8",
                "--seconds=0.05",
                "--rounds=2",
                "--chart=" + chart,
                "--write=" + folder);

        assertEquals(0, run.exitCode(), run.err());
        for (String part : List.of("  selector  ", "  millrace  ", "  1 connection, messages/s", "8 connections")) {
            assertTrue(run.out().contains(part), run.out());
        }
        assertEquals(Files.readString(chart), Files.readString(folder.resolve("io-models.svg")));
        assertTrue(Files.readString(folder.resolve("io-models.md")).contains("### 8 connections\n"));
    }

    @Test
    void impossibleOptionsAreExplainedInOneLine() {
        assertEquals(
                List.of("io-models: --connections is 0; it must be at least 1"),
                CommandRun.of(new IoModels(), "--connections=0").err().lines().toList());
        assertEquals(
                List.of("io-models: --rounds is 0; it must be at least 1"),
                CommandRun.of(new IoModels(), "--rounds=0").err().lines().toList());
        assertEquals(
                List.of("io-models: --seconds is 0.0; it must be above 0"),
                CommandRun.of(new IoModels(), "--seconds=0").err().lines().toList());
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void rungThatThisJavaDoesNotHaveIsNoLadder() {
        CommandRun run = CommandRun.of(new IoModels(), "--rungs=virtual-threads", "--connections=1", "--seconds=0.05");

        assertEquals(2, run.exitCode(), run.out());
        assertTrue(run.err().startsWith("io-models: --rungs is virtual-threads alone; it needs Java 21"), run.err());
    }
}
