package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.DrainReport;
import io.millrace.server.ServerState;
import io.millrace.server.TcpServer;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Stops a server while a client asks it without pause, starts it again on the same port, and shows what the client notices. */
@Command(
        name = "drain",
        description = "Stops a busy server in good order, starts it again, and shows that no request is lost.")
public final class DrainUnderLoad implements Callable<Integer> {
    private static final int LINE_MILLIS = 50;
    private static final int LINES_WHILE_RUNNING = 10;
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Connections, each with one request in flight (default: ${DEFAULT-VALUE}).")
    private int connections = 50;

    @Option(
            names = "--longest",
            paramLabel = "MILLIS",
            description = "How long the longest answers take (default: ${DEFAULT-VALUE}).")
    private int longestMillis = 600;

    @Mixin
    private final Console console = new Console();

    private final RequestLoad load = new RequestLoad(64, RequestOptions.within(DEADLINE));
    private final long startNanos = System.nanoTime();
    private long shownAnswers;

    /**
     * Runs the sample.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new DrainUnderLoad()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--connections", "--longest");
        PrintWriter out = console.out();
        try (IoGroup serverSide = IoGroup.builder().name("server").start();
                TcpServer first = server(serverSide, 0);
                TcpClient client = newClient(first.port())) {
            CompletableFuture<Void> asked = load.keepAsking(client, connections);
            out.printf(
                    "%6s  %-9s %8s %11s %8s %9s  %s%n",
                    "ms", "state", "sessions", "in progress", "answered", "waiting", "client");
            watch(first, client, LINES_WHILE_RUNNING);
            CompletableFuture<DrainReport> drained = first.drain(DEADLINE);
            watch(first, client, Integer.MAX_VALUE);
            DrainReport report = drained.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            out.println(report);
            try (TcpServer second = server(serverSide, first.port())) {
                out.println("started again on port " + second.port());
                watch(second, client, LINES_WHILE_RUNNING);
                load.finish();
                asked.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            }
            out.printf(
                    Locale.ROOT,
                    "%,d requests answered, %,d asked again because the server had not begun them, %,d kinds of failure%n",
                    load.answered(),
                    load.retried(),
                    load.failures().size());
            load.printFailures(out);
            return report.inTime() && load.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private TcpServer server(IoGroup group, int port) throws Exception {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> DelayedEcho.answer(request, reply, someMillis()))
                .bind("127.0.0.1", port);
    }

    private int someMillis() {
        return 1 + ThreadLocalRandom.current().nextInt(longestMillis);
    }

    /** Makes a client that lets requests wait while the server is away, and has one in flight per connection. */
    private TcpClient newClient(int port) throws TransportException {
        PoolConfig pool = PoolConfig.builder()
                .maxConnections(connections)
                .maxConnectionsPerEndpoint(connections)
                .requestsPerConnection(1)
                .build();
        return TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoint("127.0.0.1", port)
                .pool(pool)
                .whileDown(WhileDown.WAIT)
                .build();
    }

    private void watch(TcpServer server, TcpClient client, int lines) throws InterruptedException {
        ServerState shown = server.state();
        for (int i = 0; i < lines && shown != ServerState.STOPPED; i++) {
            TimeUnit.MILLISECONDS.sleep(LINE_MILLIS);
            shown = server.state();
            line(shown, server, client);
        }
    }

    private void line(ServerState state, TcpServer server, TcpClient client) {
        long answers = load.answered();
        long inProgress = server.stats().requests().inProgress();
        console.out()
                .printf(
                        "%6d  %-9s %8d %11d %8d %9d  %-11s %s%n",
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos),
                        state,
                        server.stats().connections(),
                        inProgress,
                        answers - shownAnswers,
                        client.poolStats().waiting(),
                        client.state(),
                        "#".repeat((int) Math.min(inProgress, connections)));
        console.out().flush();
        shownAnswers = answers;
    }
}
