package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientBuilder;
import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.DrainReport;
import io.millrace.server.ServerState;
import io.millrace.server.TcpServer;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Stops a server while clients ask it without pause, starts it again on the same port, and shows what they notice. */
@Command(
        name = "drain",
        description = "Stops a busy server in good order, starts it again, and shows that no request is lost.")
public final class DrainUnderLoad implements Callable<Integer> {
    private static final int LINE_MILLIS = 50;
    private static final int LINES_WHILE_RUNNING = 10;
    private static final int SHORTEST_ANSWER_MILLIS = 20;
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    @Option(names = "--connections", paramLabel = "N", description = "Clients (default: ${DEFAULT-VALUE}).")
    private int connections = 50;

    @Option(
            names = "--longest",
            paramLabel = "MILLIS",
            description = "How long the longest answers take (default: ${DEFAULT-VALUE}).")
    private int longestMillis = 600;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    private final RequestLoad load = new RequestLoad(64);
    private final long startNanos = System.nanoTime();
    private long shownAnswers;
    private long shownRetries;

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
        Main.requirePositive("--connections", connections);
        Main.requirePositive("--longest", longestMillis - SHORTEST_ANSWER_MILLIS);
        PrintWriter out = spec.commandLine().getOut();
        try (IoGroup serverSide = IoGroup.builder().name("server").start();
                IoGroup clientSide = IoGroup.builder().name("clients").start();
                TcpServer first = server(serverSide, 0)) {
            CompletableFuture<Void> asked = startAsking(clientSide, first.port());
            out.printf(
                    "%6s  %-9s %8s %11s %8s %11s%n",
                    "ms", "state", "sessions", "in progress", "answered", "turned away");
            watch(first, LINES_WHILE_RUNNING);
            CompletableFuture<DrainReport> drained = first.drain(DEADLINE);
            watch(first, Integer.MAX_VALUE);
            DrainReport report = drained.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            out.println(report);
            try (TcpServer second = server(serverSide, first.port())) {
                out.println("started again on port " + second.port());
                watch(second, LINES_WHILE_RUNNING);
                load.finish();
                asked.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            }
            out.printf(
                    Locale.ROOT,
                    "%,d requests answered, %,d asked again because the server had not begun them, %,d kinds of failure%n",
                    load.answered(),
                    load.retried(),
                    load.failures().size());
            load.failures().forEach((failure, count) -> LoadReport.row(out, "FAILED", "%,d: %s", count.sum(), failure));
            return report.inTime() && load.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private TcpServer server(IoGroup group, int port) throws Exception {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> answerLater(request, reply))
                .bind("127.0.0.1", port);
    }

    private void answerLater(ByteBuffer request, Reply reply) {
        // The request is lent for the length of this call only.
        byte[] payload = new byte[request.remaining()];
        request.get(payload);
        int millis = ThreadLocalRandom.current().nextInt(SHORTEST_ANSWER_MILLIS, longestMillis);
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(() -> reply.send(payload));
    }

    private CompletableFuture<Void> startAsking(IoGroup group, int port) throws TransportException {
        List<CompletableFuture<Void>> asking = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            TcpClientBuilder client = TcpClient.builder().group(group).protocol(Protocol.millrace());
            asking.add(load.keepAsking(
                    client.endpoint("127.0.0.1", port).jmx(false).build()));
        }
        return CompletableFuture.allOf(asking.toArray(CompletableFuture[]::new));
    }

    private void watch(TcpServer server, int lines) throws InterruptedException {
        for (int i = 0; i < lines && server.state() != ServerState.STOPPED; i++) {
            TimeUnit.MILLISECONDS.sleep(LINE_MILLIS);
            line(server);
        }
    }

    private void line(TcpServer server) {
        long answers = load.answered();
        long retries = load.retried();
        long inProgress = server.stats().requests().inProgress();
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%6d  %-9s %8d %11d %8d %11d  %s%n",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos),
                server.state(),
                server.stats().connections(),
                inProgress,
                answers - shownAnswers,
                retries - shownRetries,
                "#".repeat((int) Math.min(inProgress, connections)));
        out.flush();
        shownAnswers = answers;
        shownRetries = retries;
    }
}
