package io.millrace.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Closes what a test has opened, and fails it if a thread, descriptor, buffer or context is left. */
final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    static {
        // The first sockets of a JVM leave descriptors behind that it keeps for ever.
        try (ServerSocket listener = new ServerSocket(0);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
                Socket accepted = listener.accept();
                IoGroup group = IoGroup.start()) {
            socket.setSoTimeout(1);
            accepted.shutdownOutput();
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<IoGroup> groups = new ArrayList<>();
    private long descriptorsBefore;

    /** Closes it after the test, the last one first. */
    <T extends AutoCloseable> T close(T resource) {
        opened.push(resource);
        return resource;
    }

    TcpClient watch(TcpClient client) {
        groups.add(client.group());
        return close(client);
    }

    TcpServer watch(TcpServer server) {
        groups.add(server.group());
        return close(server);
    }

    IoGroup watch(IoGroup group) {
        groups.add(group);
        return close(group);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        descriptorsBefore = socketDescriptors();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        for (IoGroup group : groups) {
            assertEquals(0, group.stats().buffersLeased(), "buffers leased after the close");
            assertEquals(0, group.stats().contextsLeased(), "contexts leased after the close");
        }
        awaitSoon("threads ended", () -> millraceThreads().isEmpty());
        awaitSoon("descriptors closed", () -> socketDescriptors() <= descriptorsBefore);
    }

    /** Waits for something that is nearly always true at once. */
    static void awaitSoon(String what, Callable<Boolean> condition) {
        await(what)
                .atMost(WAIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    static List<String> millraceThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("millrace-"))
                .toList();
    }

    /** Counts sockets and event loops, and not the files that class loading opens; 0 where there is no /proc. */
    static long socketDescriptors() throws IOException {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return 0;
        }
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            return links.filter(LeakCheck::isSocketOrLoop).count();
        }
    }

    private static boolean isSocketOrLoop(Path link) {
        try {
            String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("socket:") || target.startsWith("anon_inode:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    static void assertWithin(Duration limit, long startNanos) {
        Duration taken = Duration.ofNanos(System.nanoTime() - startNanos);
        assertTrue(taken.compareTo(limit) <= 0, () -> "took " + taken + ", allowed " + limit);
    }
}
