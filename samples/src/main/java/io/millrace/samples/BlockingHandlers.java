package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.Reply;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves many clients with handlers that block: on a pool of threads, and on a virtual thread each. */
@Command(
        name = "virtual-threads",
        description = "Many clients ask at once, and the handler of each blocks for a while: on a pool of threads they"
                + " queue, on virtual threads they do not. Virtual threads need Java 21 or newer.")
public final class BlockingHandlers implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int WARM_UPS = 10;

    @Option(names = "--clients", paramLabel = "N", description = "Clients (default: ${DEFAULT-VALUE}).")
    private int clients = 1_000;

    @Option(names = "--block", paramLabel = "MILLIS", description = "How long to block (default: ${DEFAULT-VALUE}).")
    private int blockMillis = 50;

    @Option(names = "--pool", paramLabel = "N", description = "Threads of the pool (default: ${DEFAULT-VALUE}).")
    private int poolThreads = 50;

    @Mixin
    private final Console console = new Console();

    /**
     * Compares the two.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new BlockingHandlers()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--clients", "--block", "--pool");
        PrintWriter out = console.out();
        out.printf(Locale.ROOT, "%,d clients ask at once; each handler blocks for %,d ms%n", clients, blockMillis);
        out.printf("%-22s %14s %14s %12s %14s%n", "handlers on", "all served ms", "at best ms", "median ms", "threads");
        int rounds = (clients + poolThreads - 1) / poolThreads;
        serve("a pool of " + poolThreads, Executors.newFixedThreadPool(poolThreads), (long) rounds * blockMillis);
        Optional<ExecutorService> virtual = virtualThreads();
        if (virtual.isPresent()) {
            serve("virtual threads", virtual.get(), blockMillis);
        } else {
            out.println("virtual threads need Java 21 or newer; this is Java " + Runtime.version());
        }
        return ExitCode.OK;
    }

    /** Finds by reflection what Java 17, for which this is compiled, does not have. */
    static Optional<ExecutorService> virtualThreads() {
        try {
            Object executor =
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            return Optional.of((ExecutorService) executor);
        } catch (ReflectiveOperationException notThere) {
            // Or a preview, in Java 19 and 20, that has not been switched on.
            return Optional.empty();
        }
    }

    private void serve(String kind, ExecutorService handlers, long atBestMillis) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        try (TcpServer server = TcpServer.builder()
                        .protocol(Protocol.millrace())
                        .handlerExecutor(handlers)
                        .onRequest((session, request, reply) -> block(request, reply))
                        .bind("127.0.0.1", 0);
                TcpClient client = TcpClient.builder()
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .build()) {
            List<CompletableFuture<Session>> opening =
                    Stream.generate(client::connect).limit(clients).toList();
            CompletableFuture.allOf(opening.toArray(CompletableFuture[]::new)).get();
            List<Session> sessions =
                    opening.stream().map(CompletableFuture::join).toList();
            threads.resetPeakThreadCount();
            // Without blocking, first: how the JVM warms up shall not be measured.
            for (int i = 0; i < WARM_UPS; i++) {
                ask(sessions, 0);
            }
            Histogram nanos = ask(sessions, blockMillis);
            PrintWriter out = console.out();
            out.printf(
                    Locale.ROOT,
                    "%-22s %,14.0f %,14d %,12.0f %,14d%n",
                    kind,
                    millis(nanos.getMaxValue()),
                    atBestMillis,
                    millis(nanos.getValueAtPercentile(50)),
                    threads.getPeakThreadCount());
        } finally {
            handlers.shutdown();
        }
    }

    /** Blocks for as long as the request says: this stands for a database, or a call of another service. */
    private static void block(ByteBuffer request, Reply reply) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(request.getInt(request.position()));
        reply.send(request);
    }

    /** Asks on all sessions at once, and returns how long after that the answers came. */
    private static Histogram ask(List<Session> sessions, int millis) throws Exception {
        Histogram nanos = new ConcurrentHistogram(3);
        ByteBuffer request = ByteBuffer.allocate(Integer.BYTES).putInt(0, millis);
        long start = System.nanoTime();
        CompletableFuture<?>[] answers = sessions.stream()
                .map(session ->
                        session.request(request, PATIENCE).thenRun(() -> nanos.recordValue(System.nanoTime() - start)))
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(answers).get();
        return nanos;
    }

    private static double millis(long nanos) {
        return nanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
    }
}
