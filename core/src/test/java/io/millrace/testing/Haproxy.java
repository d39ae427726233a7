package io.millrace.testing;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/**
 * A real HAProxy in front of one server. A test that starts one is skipped where it is not installed.
 *
 * <p>Lifecycle: runs from {@link #start} until {@link #close()}.
 */
public final class Haproxy implements AutoCloseable {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final String CONFIGURATION =
            """
            defaults
                mode tcp
                timeout connect 5s
                timeout client 20s
                timeout server 20s
            listen front
                bind %s
                server back %s %s
            """;

    private final Process process;
    private final InetSocketAddress front;
    private final Path log;

    private Haproxy(Process process, InetSocketAddress front, Path log) {
        this.process = process;
        this.front = front;
        this.log = log;
    }

    /**
     * Starts it. It does not listen yet when this returns.
     *
     * @param directory where its files go
     * @param back where the server listens; the proxy listens on a free port of the same address
     * @param options what it is to do with connections to the server, such as {@code send-proxy-v2}
     * @return the running proxy
     * @throws IOException if it cannot be started
     */
    public static Haproxy start(Path directory, InetSocketAddress back, String options) throws IOException {
        File program = program();
        Assumptions.assumeTrue(program != null, "HAProxy is not installed: apt-get install haproxy to run this test");
        InetSocketAddress front = new InetSocketAddress(back.getAddress(), freePort(back.getAddress()));
        Path file = directory.resolve("haproxy.cfg");
        Path log = directory.resolve("haproxy.log");
        Files.writeString(file, CONFIGURATION.formatted(show(front), show(back), options));
        Process process = new ProcessBuilder(program.getPath(), "-db", "-f", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Haproxy(process, front, log);
    }

    /**
     * Waits until it takes connections. The server sees a connection of this too, which ends at once.
     */
    public void awaitListening() {
        Awaitility.await("HAProxy listens").atMost(WAIT).until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError("HAProxy has ended: " + Files.readString(log, StandardCharsets.UTF_8));
            }
            try (Socket probe = new Socket(front.getAddress(), front.getPort())) {
                return probe.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    /**
     * Returns where clients connect to.
     *
     * @return the address
     */
    public InetSocketAddress front() {
        return front;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(WAIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("HAProxy does not end");
        }
    }

    private static String show(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static int freePort(InetAddress loopback) throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, loopback)) {
            return probe.getLocalPort();
        }
    }

    private static File program() {
        Stream<String> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator));
        return Stream.concat(path, List.of("/usr/sbin", "/usr/local/sbin").stream())
                .map(folder -> new File(folder, "haproxy"))
                .filter(File::canExecute)
                .findFirst()
                .orElse(null);
    }
}
