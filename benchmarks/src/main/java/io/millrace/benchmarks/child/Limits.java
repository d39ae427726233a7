package io.millrace.benchmarks.child;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the system allows a process.
 *
 * @param descriptors the most open files and sockets
 * @param ports the local ports that connections can be made from
 */
public record Limits(long descriptors, long ports) {
    /** What a JVM and a framework open besides connections. */
    private static final int SPARE = 200;

    /** Reads those that children of this process will have; what cannot be read is taken for unlimited. */
    public static Limits read() throws IOException {
        long descriptors = Long.MAX_VALUE;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            descriptors = unix.getMaxFileDescriptorCount();
        }
        long ports = Long.MAX_VALUE;
        Path range = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
        if (Files.isReadable(range)) {
            // All at once: a read behind the first byte of such a file finds nothing.
            String[] ends = Files.readAllLines(range).get(0).strip().split("\\s+", -1);
            ports = 1 + Long.parseLong(ends[1]) - Long.parseLong(ends[0]);
        }
        return new Limits(descriptors, ports);
    }

    /** Returns why so many connections to one server are not possible, and the remedy; empty if they are. */
    public String obstacle(int connections) {
        if (connections + SPARE > descriptors) {
            return String.format(
                    "%d connections need %d open files in a process, and the limit is %d; raise it with ulimit -n %d",
                    connections, connections + SPARE, descriptors, connections + SPARE);
        }
        if (connections > ports) {
            return String.format(
                    "%d connections need as many local ports, and there are %d; widen the range with"
                            + " sysctl -w net.ipv4.ip_local_port_range=\"10000 65000\"",
                    connections, ports);
        }
        return "";
    }
}
