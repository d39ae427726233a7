package io.millrace.benchmarks.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunResultTest {
    @Test
    void readsWhatItWrote(@TempDir Path folder) throws IOException {
        PointResult point = new PointResult(
                "echo",
                "64x1x64",
                List.of(new Series("millrace", Figure.P99_NANOS, List.of(1.5, 2.0))),
                Map.of("netty-uring", "the kernel has none"));
        RunResult run = new RunResult(Environment.now("compare --quick"), List.of(point));
        Path json = folder.resolve("new").resolve("results.json");
        run.write(json);
        assertEquals(run, RunResult.read(json));
    }

    @Test
    void environmentNamesTheVersionsThatTheBuildHas() throws IOException {
        Map<String, String> versions = Environment.now("").versions();
        assertEquals(
                Optional.empty(),
                versions.values().stream()
                        .filter(version -> version.contains("$"))
                        .findFirst());
        assertTrue(versions.keySet().containsAll(List.of("millrace", "netty", "mina", "t-io", "smart-socket")));
    }

    @Test
    void mergeReplacesTheSamePointsAndKeepsTheOthersInPlace() throws IOException {
        RunResult old = run(point("echo", "1x1x64", 1), point("echo", "64x1x64", 2), point("proxy", "1x1x64", 3));
        RunResult newer = run(point("echo", "64x1x64", 20), point("idle", "1x1x64", 4));
        List<PointResult> expected = List.of(
                point("echo", "1x1x64", 1),
                point("echo", "64x1x64", 20),
                point("proxy", "1x1x64", 3),
                point("idle", "1x1x64", 4));
        assertEquals(expected, old.merge(newer).points());
    }

    @Test
    void commandsOfMergedRunsAreToldOnce() throws IOException {
        RunResult all = new RunResult(Environment.now("report"), List.of());
        RunResult part = new RunResult(Environment.now("report --only idle"), List.of());
        assertEquals(
                "report, then report --only idle",
                all.merge(part).merge(part).environment().command());
    }

    @Test
    void bestPeerIsNeitherMillraceNorABareProgram() {
        PointResult point = new PointResult(
                "echo",
                "1x1x64",
                List.of(
                        new Series("millrace", Figure.P99_NANOS, List.of(1.0)),
                        new Series("nio2-bare", Figure.P99_NANOS, List.of(2.0)),
                        new Series("netty-nio", Figure.P99_NANOS, List.of(4.0)),
                        new Series("netty-epoll", Figure.P99_NANOS, List.of(3.0))));
        assertEquals(Optional.of("netty-epoll"), point.bestPeer(Figure.P99_NANOS));
        assertEquals(Optional.empty(), point.bestPeer(Figure.P50_NANOS));
    }

    private static RunResult run(PointResult... points) throws IOException {
        return new RunResult(Environment.now(""), List.of(points));
    }

    private static PointResult point(String scenario, String point, double value) {
        return new PointResult(
                scenario, point, List.of(new Series("millrace", Figure.MESSAGES_PER_SECOND, List.of(value))));
    }
}
