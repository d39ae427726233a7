package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SessionConfig;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Keeps an echo server busy for a while, checks every echo, and shows how fast they came. */
@Command(name = "echo-client", description = "Keeps an echo server busy for a while and shows how fast it answers.")
public final class EchoClient implements Callable<Integer> {
    private static final int DRAIN_SECONDS = 5;

    @Mixin
    private final PeerOptions peer = new PeerOptions();

    @Option(names = "--connections", paramLabel = "N", description = "Connections at once (default: ${DEFAULT-VALUE}).")
    private int connections = 8;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Messages on their way per connection (default: ${DEFAULT-VALUE}).")
    private int depth = 16;

    @Option(names = "--size", paramLabel = "BYTES", description = "Bytes per message (default: ${DEFAULT-VALUE}).")
    private int size = 64;

    @Option(names = "--seconds", paramLabel = "N", description = "How long to run (default: ${DEFAULT-VALUE}).")
    private int seconds = 5;

    @Mixin
    private final Console console = new Console();

    private final LoadReport report = new LoadReport();

    /**
     * Runs the client.
     *
     * @param args options; none are needed if the server listens on port 9000
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new EchoClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--connections", "--depth", "--size", "--seconds");
        EchoLoad.Shape shape = EchoLoad.Shape.of(peer.framing(), size, depth);
        List<EchoLoad> loads = Stream.generate(() -> new EchoLoad(shape, report))
                .limit(connections)
                .toList();
        try (TcpClient client = newClient(loads)) {
            report.start();
            allOf(Stream.generate(client::connect).limit(connections)).get();
            run(loads);
        } finally {
            if (report.messages() > 0) {
                report.print(console.out());
            }
        }
        return ExitCode.OK;
    }

    private TcpClient newClient(List<EchoLoad> loads) throws IOException {
        return peer.newClient()
                .onMessage(new HandlerPerSession(new ConcurrentLinkedQueue<>(loads)::remove))
                // What is refused is sent after the next echo, so a refusal need not close the session.
                .sessions(SessionConfig.builder()
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .build();
    }

    /** Lets the connections work until the time is up or one fails; then waits for the last echoes. */
    private void run(List<EchoLoad> loads) throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<Void>().completeOnTimeout(null, seconds, TimeUnit.SECONDS);
        loads.forEach(load -> load.outcome().whenComplete((done, failure) -> end.complete(null)));
        Progress progress = new Progress(peer.toString(), seconds, "s", report::seconds, report::note);
        progress.watch(end, console.err());
        loads.forEach(EchoLoad::finish);
        try {
            allOf(loads.stream().map(EchoLoad::outcome)).get(DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException(peer + " has not answered everything after " + DRAIN_SECONDS + " more seconds", e);
        } finally {
            report.stop();
        }
    }

    private static CompletableFuture<Void> allOf(Stream<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }
}
