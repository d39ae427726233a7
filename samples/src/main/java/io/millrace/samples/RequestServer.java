package io.millrace.samples;

import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.RequestStats;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.DrainReport;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers each request with its own bytes, at once or later, and drains on SIGTERM or Ctrl-C. */
@Command(
        name = "request-server",
        description = "Answers requests until SIGTERM or Ctrl-C; then finishes what is in flight.")
public final class RequestServer implements Callable<Integer> {
    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Option(
            names = "--delay",
            paramLabel = "MILLIS",
            description = "How long an answer takes; 0 answers at once (default: ${DEFAULT-VALUE}).")
    private int delayMillis;

    @Option(
            names = "--in-progress",
            paramLabel = "N",
            description = "Requests in progress at once; more are told that the server is busy; 0 for no limit"
                    + " (default: ${DEFAULT-VALUE}).")
    private int requestsInProgress;

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            description = "How long requests in flight may take after SIGTERM (default: ${DEFAULT-VALUE}).")
    private int drainSeconds = 10;

    @Mixin
    private final Console console = new Console();

    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor(runnable -> {
        Thread thread = new Thread(runnable, "later");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Runs the server.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new RequestServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--drain");
        try (IoGroup group = IoGroup.builder().name("requests").start();
                TcpServer server = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .requestsInProgress(requestsInProgress)
                        .drainTimeout(Duration.ofSeconds(drainSeconds))
                        .onRequest((session, request, reply) -> answer(request, reply))
                        .bind(listen.host(), listen.port())) {
            ShutdownHook.drain(server)
                    .onReport(report -> print(report, server))
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            console.out().println("listening on " + listen.host() + ":" + server.port());
            server.awaitClosed();
        }
        return ExitCode.OK;
    }

    private void answer(ByteBuffer request, Reply reply) {
        if (delayMillis == 0) {
            reply.send(request);
            return;
        }
        // The request is lent for the length of this call only.
        byte[] payload = new byte[request.remaining()];
        request.get(payload);
        later.schedule(() -> reply.send(payload), delayMillis, TimeUnit.MILLISECONDS);
    }

    private void print(DrainReport report, TcpServer server) {
        PrintWriter out = console.out();
        RequestStats requests = server.stats().requests();
        out.println(report);
        LoadReport.row(out, "connections", "%,d accepted", server.stats().accepted());
        LoadReport.row(
                out,
                "requests",
                "%,d answered, %,d found it busy, %,d failed, %,d dropped",
                requests.answered(),
                requests.busy(),
                requests.failed(),
                requests.dropped());
        out.flush();
    }
}
