package io.millrace.benchmarks.child;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChildIT {
    private static final List<String> SMALL = List.of("-Xmx32m", "-XX:TieredStopAtLevel=1");

    @Test
    void askingAllocatesNothingThatIsCounted() throws IOException {
        try (Child child = Child.start(Cpu.ANY, SMALL, List.of("serve", "--contestant=nio2-bare"))) {
            assertTrue(Integer.parseInt(child.answer()) > 0);
            child.ask("figures");
            long before = Questions.read(child.ask("figures"), JvmFigures.class).allocatedBytes();
            long after = Questions.read(child.ask("figures"), JvmFigures.class).allocatedBytes();
            assertEquals(before, after, 1_000); // others in a JVM may stir
            assertTrue(child.cpuNanos() > 0);
            assertTrue(child.residentBytes() > 0);
        }
    }

    @Test
    void childThatEndsEarlyIsReportedWithItsLastWords() throws IOException {
        try (Child child = Child.start(Cpu.ANY, SMALL, List.of("serve", "--contestant=nobody"))) {
            IOException e = assertThrows(IOException.class, child::answer);
            assertTrue(
                    e.getMessage().startsWith("serve --contestant=nobody ended early: ")
                            && e.getMessage().contains("contestant is nobody"),
                    e::toString);
        }
    }
}
