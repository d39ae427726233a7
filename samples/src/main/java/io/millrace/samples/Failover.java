package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Kills one of three servers and starts it again, while a client that knows all three keeps asking. */
@Command(
        name = "failover",
        description = "Kills one of three servers under load, starts it again, and shows who answered what meanwhile.")
public final class Failover implements Callable<Integer> {
    private static final int SERVERS = 3;
    private static final int KILLED = 1;
    private static final int IN_FLIGHT = 24;
    private static final int ANSWER_MILLIS = 5;
    private static final int COLUMNS_PER_PHASE = 20;
    private static final int MOST_COLUMNS = 5 * COLUMNS_PER_PHASE;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Backoff BACKOFF = Backoff.defaults().delays(Duration.ofMillis(100), Duration.ofMillis(500));

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description =
                    "How long to run: with three servers, with two, with three again (default: ${DEFAULT-VALUE}).")
    private int seconds = 6;

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the sample.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new Failover()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--seconds");
        List<TcpServer> servers = new ArrayList<>();
        try (IoGroup serverSide = IoGroup.builder().name("servers").start()) {
            for (int i = 0; i < SERVERS; i++) {
                servers.add(startServer(serverSide, 0));
            }
            Endpoint[] endpoints = servers.stream()
                    .map(server -> new Endpoint("127.0.0.1", server.port()))
                    .toArray(Endpoint[]::new);
            return run(serverSide, servers, endpoints);
        } finally {
            servers.forEach(TcpServer::closeNow);
        }
    }

    private int run(IoGroup serverSide, List<TcpServer> servers, Endpoint[] endpoints) throws Exception {
        PrintWriter out = console.out();
        FailoverTimeline timeline = new FailoverTimeline(out, endpoints);
        // Asking an echo twice does no harm, and what a killed server had begun is lost otherwise.
        RequestLoad load =
                new RequestLoad(64, RequestOptions.within(TIMEOUT).idempotent(), outcome -> timeline.count(outcome));
        try (TcpClient client = TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoints(endpoints)
                .endpointPicker(EndpointPicker.roundRobin())
                .backoff(BACKOFF)
                .onStateChange((from, to, cause) -> timeline.note("client is " + to))
                .build()) {
            CompletableFuture<Void> asking = load.keepAsking(client, IN_FLIGHT);
            watch(client, timeline, COLUMNS_PER_PHASE);

            servers.get(KILLED).closeNow();
            timeline.mark('K', endpoints[KILLED] + " is killed");
            watch(client, timeline, COLUMNS_PER_PHASE);

            servers.set(KILLED, startServer(serverSide, endpoints[KILLED].port()));
            timeline.mark('S', endpoints[KILLED] + " is started again");
            while (!timeline.isUsedAgain(KILLED) && timeline.columns() < MOST_COLUMNS) {
                watch(client, timeline, 1);
            }
            watch(client, timeline, COLUMNS_PER_PHASE);

            load.finish();
            asking.get(TIMEOUT.toSeconds() + 1, TimeUnit.SECONDS);
        }
        print(load, timeline, out);
        return load.failures().isEmpty() && timeline.isUsedAgain(KILLED) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static TcpServer startServer(IoGroup group, int port) throws IOException {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> DelayedEcho.answer(request, reply, ANSWER_MILLIS))
                .bind("127.0.0.1", port);
    }

    private void watch(TcpClient client, FailoverTimeline timeline, int columns) throws InterruptedException {
        long columnNanos = TimeUnit.SECONDS.toNanos(seconds) / (3 * COLUMNS_PER_PHASE);
        for (int i = 0; i < columns; i++) {
            TimeUnit.NANOSECONDS.sleep(columnNanos);
            timeline.column(client.endpoints());
        }
    }

    private void print(RequestLoad load, FailoverTimeline timeline, PrintWriter out) {
        timeline.printChart();
        LoadReport.row(out, "asked", "%,d", load.asked());
        LoadReport.row(out, "replied", "%,d", load.answered());
        LoadReport.row(out, "made again", "%,d, by the client itself", load.retried());
        LoadReport.row(out, "failed", "%,d", load.failed());
        load.printFailures(out);
        timeline.printShares();
        if (timeline.isUsedAgain(KILLED)) {
            LoadReport.row(
                    out,
                    "used again",
                    "%,d ms after its start; it was tried every %d to %d ms",
                    timeline.usedAgainMillis(KILLED),
                    BACKOFF.firstDelay().toMillis(),
                    BACKOFF.maxDelay().toMillis());
        } else {
            LoadReport.row(out, "FAILED", "%s was not used again", timeline.name(KILLED));
        }
    }
}
