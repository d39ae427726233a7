package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BlockingHandlersIT {
    @Test
    void bothKindsAreComparedWhereThereAreVirtualThreadsAndElsewhereItSaysWhatItNeeds() {
        CommandRun run = CommandRun.of(new BlockingHandlers(), "--clients", "20", "--block", "5", "--pool", "4");

        assertEquals(0, run.exitCode(), run.err());
        List<String> lines = run.out().lines().toList();
        assertEquals(4, lines.size(), run.out());
        assertEquals("20 clients ask at once; each handler blocks for 5 ms", lines.get(0));
        assertTrue(lines.get(2).matches("a pool of 4 +[\\d,]+ +25 +[\\d,]+ +\\d+"), run.out());
        String last = Runtime.version().feature() >= 21
                ? "virtual threads +[\\d,]+ +5 +[\\d,]+ +\\d+"
                : "virtual threads need Java 21 or newer; this is Java \\d.*";
        assertTrue(lines.get(3).matches(last), run.out());
    }

    @Test
    void impossibleOptionIsExplainedInOneLine() {
        CommandRun run = CommandRun.of(new BlockingHandlers(), "--pool", "0");

        assertEquals(2, run.exitCode());
        assertEquals(
                List.of("virtual-threads: --pool is 0; it must be at least 1"),
                run.err().lines().toList());
    }
}
