package io.millrace.server;

import static org.awaitility.Awaitility.await;

import io.millrace.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * What a server in a JVM of its own has allocated, as it says itself when it is asked on its standard input.
 *
 * @param heapBytes heap in use; without a collector that is everything ever allocated, in whole thread-local buffers
 * @param threadBytes what its live threads have allocated on the heap, to the byte
 * @param directBytes memory of direct buffers
 */
record MemoryReport(long heapBytes, long threadBytes, long directBytes) {
    private static final String PORT = "port ";
    private static final String REPORT = "report ";

    /** Says its port, then answers each line on standard input with a report. To be called in the child. */
    static void serve(int port) throws IOException {
        System.out.println(PORT + port + System.lineSeparator() + "listening");
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String question;
        while ((question = questions.readLine()) != null) {
            MemoryReport now = ofThisJvm(question.equals("collected"));
            System.out.println(REPORT + now.heapBytes + " " + now.threadBytes + " " + now.directBytes);
        }
    }

    private static MemoryReport ofThisJvm(boolean collected) {
        if (collected) {
            System.gc();
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .sum();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return new MemoryReport(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), allocated, direct);
    }

    /** Asks a child for the port it listens on. */
    static int portOf(ChildJvm server) throws InterruptedException {
        server.awaitOutput("listening", Duration.ofSeconds(30));
        return server.output()
                .lines()
                .filter(line -> line.startsWith(PORT))
                .mapToInt(line -> Integer.parseInt(line.substring(PORT.length())))
                .findFirst()
                .orElseThrow();
    }

    /** Asks a child for what it has allocated so far. */
    static MemoryReport of(ChildJvm server) throws IOException {
        return ask(server, "now");
    }

    /** Asks a child for what is live after a collection. */
    static MemoryReport liveOf(ChildJvm server) throws IOException {
        return ask(server, "collected");
    }

    private static MemoryReport ask(ChildJvm server, String question) throws IOException {
        long before = reports(server);
        server.println(question);
        await("a report of the server")
                .atMost(Duration.ofSeconds(30))
                .until(() -> !server.handle().isAlive() || reports(server) > before);
        String last = server.output()
                .lines()
                .filter(line -> line.startsWith(REPORT))
                .reduce((first, second) -> second)
                .orElseThrow(() -> new AssertionError(server.output()));
        long[] figures = Arrays.stream(last.substring(REPORT.length()).split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
        return new MemoryReport(figures[0], figures[1], figures[2]);
    }

    private static long reports(ChildJvm server) {
        return server.output().lines().filter(line -> line.startsWith(REPORT)).count();
    }
}
