package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.BufferPoolStats;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.testing.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A JVM that has less direct memory than the pool was promised. */
@Tag("heavy")
class DirectMemoryIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** Leases to the end, gives back, and changes its sizes; nothing of it may throw. */
    public static final class ExhaustProgram {
        private static final BufferPool POOL = new BufferPool(1L << 30);

        private ExhaustProgram() {}

        public static void main(String[] args) {
            long firstRound = exhaust(4096);
            require(firstRound >= 4 << 20, "only " + firstRound + " bytes of 8 MiB were leased");
            require(POOL.stats().limitBytes() <= 8 << 20, "the limit has not followed: " + POOL.stats());
            for (int bytes : new int[] {512, 65_536, 1 << 20, 3 << 20, 4096}) {
                long round = exhaust(bytes);
                require(round >= 2 << 20, round + " bytes in buffers of " + bytes + "; " + POOL.stats());
            }
            System.out.println("recovered");
        }

        private static long exhaust(int bytes) {
            List<PooledBuffer> leased = new ArrayList<>();
            long sum = 0;
            for (PooledBuffer next = POOL.tryAcquire(bytes); next != null; next = POOL.tryAcquire(bytes)) {
                next.buffer().put(0, (byte) 1).put(next.capacity() - 1, (byte) 1);
                leased.add(next);
                sum += next.capacity();
            }
            BufferPoolStats full = POOL.stats();
            require(full.capacityBytes() <= full.limitBytes(), full.toString());
            require(full.leasedBytes() == sum, full.toString());
            leased.forEach(PooledBuffer::release);
            return sum;
        }

        private static void require(boolean condition, String otherwise) {
            if (!condition) {
                throw new AssertionError(otherwise);
            }
        }
    }

    @Test
    void exhaustedDirectMemoryIsRefusedCleanlyAndServesAllSizesLater() throws Exception {
        try (ChildJvm child = ChildJvm.start(
                ExhaustProgram.class,
                List.of(
                        "-XX:MaxDirectMemorySize=8m",
                        "-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml"))) {
            assertEquals(0, child.awaitExit(TIMEOUT), child::output);
            assertEquals(
                    1,
                    child.output()
                            .lines()
                            .filter(line -> line.contains("direct memory exhausted"))
                            .count(),
                    child::output);
            assertEquals(
                    "recovered",
                    child.output().lines().reduce((one, other) -> other).orElse(""),
                    child::output);
        }
    }

    /** Asks for more preallocated memory than there is. */
    public static final class PreallocateProgram {
        private PreallocateProgram() {}

        public static void main(String[] args) throws Exception {
            IoGroup.Builder tooMuch =
                    IoGroup.builder().name("small").bufferMemory(64 << 20).preallocateSessions(100_000);
            try (IoGroup group = tooMuch.start()) {
                throw new AssertionError("started: " + group);
            } catch (TransportException expected) {
                System.out.println(expected.getMessage());
            }
            try (IoGroup group = tooMuch.preallocateSessions(1_000).start()) {
                System.out.println("held " + group.stats().bufferBytesHeld());
            }
        }
    }

    @Test
    void preallocationThatTheJvmCannotServeFailsTheStartAndNamesTheRemedy() throws Exception {
        try (ChildJvm child = ChildJvm.start(
                PreallocateProgram.class,
                List.of(
                        "-XX:MaxDirectMemorySize=8m",
                        "-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml"))) {
            assertEquals(0, child.awaitExit(TIMEOUT), child::output);
            assertEquals(
                    List.of(
                            "cannot start group small: no memory for the first buffers of 100000 sessions: raise"
                                    + " bufferMemory, which is 67108864 bytes, and -XX:MaxDirectMemorySize, or lower"
                                    + " preallocateSessions",
                            "held 1048576"),
                    child.output()
                            .lines()
                            .filter(line -> !line.contains("direct memory exhausted"))
                            .toList(),
                    child::output);
        }
    }
}
