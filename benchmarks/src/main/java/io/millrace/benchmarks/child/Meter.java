package io.millrace.benchmarks.child;

import java.io.IOException;

/**
 * What a child process uses from one moment to another. What it allocates to answer our questions is taken off.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
public final class Meter {
    private final Child child;
    private final long askingBytes;
    private final long allocatedBefore;
    private final long cpuBefore;

    private Meter(Child child, long askingBytes, long allocatedBefore, long cpuBefore) {
        this.child = child;
        this.askingBytes = askingBytes;
        this.allocatedBefore = allocatedBefore;
        this.cpuBefore = cpuBefore;
    }

    /** Begins to measure a child that answers {@code figures}. */
    public static Meter start(Child child) throws IOException {
        long first = allocated(child);
        long second = allocated(child);
        return new Meter(child, second - first, second, child.cpuNanos());
    }

    /** Ends the measurement. */
    public Usage stop() throws IOException {
        long cpu = child.cpuNanos() - cpuBefore;
        return new Usage(cpu, Math.max(0, allocated(child) - allocatedBefore - askingBytes));
    }

    private static long allocated(Child child) throws IOException {
        return Questions.read(child.ask("figures"), JvmFigures.class).allocatedBytes();
    }

    /**
     * What was used.
     *
     * @param cpuNanos of all living threads
     * @param allocatedBytes by all living threads
     */
    public record Usage(long cpuNanos, long allocatedBytes) {
        /** Returns the processor time for each of so many. */
        public double cpuNanosPer(long count) {
            return (double) cpuNanos / count;
        }

        /** Returns the bytes for each of so many. */
        public double allocatedBytesPer(long count) {
            return (double) allocatedBytes / count;
        }
    }
}
