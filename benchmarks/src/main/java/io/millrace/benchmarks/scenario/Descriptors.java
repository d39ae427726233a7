package io.millrace.benchmarks.scenario;

import com.sun.management.UnixOperatingSystemMXBean;
import io.millrace.benchmarks.run.Progress;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;

/** How many connections the limit on file descriptors leaves room for. */
final class Descriptors {
    /** What a JVM has open beside its connections. */
    private static final int OTHERS = 200;

    private Descriptors() {}

    /** Returns as many connections as are wanted, or as there can be; says so if those are fewer. */
    static int connections(int wanted, Progress progress) {
        OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
        if (!(system instanceof UnixOperatingSystemMXBean unix)) {
            return wanted;
        }
        long limit = unix.getMaxFileDescriptorCount();
        if (wanted + OTHERS <= limit) {
            return wanted;
        }
        int possible = (int) limit - OTHERS;
        progress.note("ulimit -n is " + limit + ": " + possible + " connections instead of " + wanted + "; raise it to "
                + (wanted + OTHERS));
        return possible;
    }
}
