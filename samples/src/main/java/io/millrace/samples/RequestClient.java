package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Asks a request-server as fast as it answers, through its restarts too, and shows how long answers take. */
@Command(
        name = "request-client",
        description =
                "Asks a request-server as fast as it answers. What the server has not begun (it was busy, draining or"
                        + " away) is asked again; anything else that goes wrong is a failure.")
public final class RequestClient implements Callable<Integer> {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The server's name or address (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "PORT", description = "The server's port (default: ${DEFAULT-VALUE}).")
    private int port = 9000;

    @Option(names = "--connections", paramLabel = "N", description = "Connections (default: ${DEFAULT-VALUE}).")
    private int connections = 8;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Requests in flight per connection (default: ${DEFAULT-VALUE}).")
    private int depth = 4;

    @Option(names = "--size", paramLabel = "BYTES", description = "Bytes per request (default: ${DEFAULT-VALUE}).")
    private int size = 64;

    @Option(names = "--seconds", paramLabel = "N", description = "How long to run (default: ${DEFAULT-VALUE}).")
    private int seconds = 5;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    /**
     * Runs the client.
     *
     * @param args options; none are needed if the server listens on port 9000
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new RequestClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Main.requirePositive("--connections", connections);
        Main.requirePositive("--depth", depth);
        Main.requirePositive("--size", size);
        Main.requirePositive("--seconds", seconds);
        RequestLoad load = new RequestLoad(size);
        long opened;
        long start = System.nanoTime();
        try (IoGroup group = IoGroup.builder().name("requests").start()) {
            List<TcpClient> clients = new ArrayList<>();
            List<CompletableFuture<Void>> asking = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                TcpClient client = TcpClient.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .endpoint(host, port)
                        .jmx(false)
                        .build();
                clients.add(client);
                Stream.generate(() -> load.keepAsking(client)).limit(depth).forEach(asking::add);
            }
            watch(load, start);
            load.finish();
            opened = clients.stream()
                    .mapToLong(client -> client.stats().opened())
                    .sum();
            CompletableFuture.allOf(asking.toArray(CompletableFuture[]::new)).get(1, TimeUnit.MINUTES);
        }
        LoadReport.row(spec.commandLine().getOut(), "connections", "%,d opened", opened);
        print(load, spec.commandLine().getOut(), (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1));
        return load.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private void watch(RequestLoad load, long start) throws InterruptedException {
        CompletableFuture<Void> end = new CompletableFuture<Void>().completeOnTimeout(null, seconds, TimeUnit.SECONDS);
        Progress progress = new Progress(
                host + ":" + port,
                seconds,
                "s",
                () -> TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
                () -> String.format(
                        Locale.ROOT,
                        "%,d answered, %,d asked again, %,d kinds of failure, p99 %.2f ms",
                        load.answered(),
                        load.retried(),
                        load.failures().size(),
                        load.latencyMillis(99)));
        progress.watch(end, spec.commandLine().getErr());
    }

    private static void print(RequestLoad load, PrintWriter out, double seconds) {
        LoadReport.row(
                out, "answered", "%,d in %.2f s, %,.0f a second", load.answered(), seconds, load.answered() / seconds);
        LoadReport.row(out, "asked again", "%,d that the server had not begun", load.retried());
        LoadReport.row(out, "latency p50", "%,10.3f ms", load.latencyMillis(50));
        LoadReport.row(out, "        p99", "%,10.3f ms", load.latencyMillis(99));
        LoadReport.row(out, "        max", "%,10.3f ms", load.latencyMillis(100));
        load.failures().forEach((failure, count) -> LoadReport.row(out, "FAILED", "%,d: %s", count.sum(), failure));
    }
}
