package io.millrace.benchmarks.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;

class MicroIT {
    @TempDir
    Path folder;

    @BeforeAll
    static void mayRunBesideOtherMeasurements() {
        // Nothing here depends on how fast it is.
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Test
    void theListOfBenchmarksIsNotEmpty() {
        BenchmarkList list = BenchmarkList.fromResource(BenchmarkList.BENCHMARK_LIST);
        Set<BenchmarkListEntry> all =
                list.getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of());
        assertTrue(all.stream().anyMatch(each -> each.getUsername().endsWith("EchoPath.millrace")), all::toString);
    }

    @Test
    void aBenchmarkRunsAndItsTimeAndAllocationAreWritten() throws Exception {
        Path json = folder.resolve("results.json");
        Path table = folder.resolve("results.md");
        int exit = new CommandLine(new MicroCommand())
                .execute(
                        "EchoPath.millrace",
                        "-p",
                        "inFlight=32",
                        "-f",
                        "0",
                        "-wi",
                        "0",
                        "-i",
                        "1",
                        "-r",
                        "1ms",
                        "-v",
                        "SILENT",
                        "--json",
                        json.toString(),
                        "--markdown",
                        table.toString());
        assertEquals(ExitCode.OK, exit);
        assertTrue(Files.readString(json).contains("gc.alloc.rate.norm"));
        List<String> lines = Files.readAllLines(table);
        assertTrue(lines.get(lines.size() - 1).startsWith("| EchoPath.millrace | inFlight=32 | "), lines::toString);
    }
}
