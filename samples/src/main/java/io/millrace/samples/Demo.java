package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.IoGroup;
import io.millrace.core.IoGroupStats;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends a file through an echo server on many connections at once, and checks every byte that comes back. */
@Command(
        name = "demo",
        sortOptions = false,
        description = "Sends a file through an echo server, both in this process, and checks every byte.")
public final class Demo implements Callable<Integer> {
    private static final int TIMEOUT_SECONDS = 120;

    @Option(names = "--connections", paramLabel = "N", description = "Connections at once (default: ${DEFAULT-VALUE}).")
    private int connections = 50;

    @Option(
            names = "--megabytes-per-connection",
            paramLabel = "MIB",
            description = "MiB that each connection sends at least, a small file again and again"
                    + " (default: ${DEFAULT-VALUE}).")
    private int megabytes = 100;

    @Option(names = "--file", paramLabel = "PATH", description = "The file to send (default: this program's own jar).")
    private @Nullable Path path;

    @Mixin
    private final Console console = new Console();

    private final LoadReport report = new LoadReport();
    private final LongAccumulator mostBuffers = new LongAccumulator(Math::max, 0);

    /**
     * Runs the demo.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new Demo()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--connections", "--megabytes-per-connection");
        PrintWriter out = console.out();
        SharedFile file = SharedFile.map(path != null ? path : ownJar());
        int copies = (int) ((((long) megabytes << 20) - 1) / file.size()) + 1;
        List<FileEcho> transfers = LongStream.range(0, connections)
                .mapToObj(i -> new FileEcho(file, copies, i, report))
                .toList();
        List<String> failures;
        IoGroupStats after;
        try (IoGroup group = IoGroup.start()) {
            failures = run(group, transfers, (long) connections * copies * file.size());
            after = group.stats();
        }
        LoadReport.row(out, "file", "%s, %,d bytes, %,d times per connection", file.name(), file.size(), copies);
        report.print(out);
        LoadReport.row(out, "SHA-256", "%,d of %,d connections match", connections - failures.size(), connections);
        LoadReport.row(out, "buffers leased", "%,d at most, %,d now", mostBuffers.get(), after.buffersLeased());
        LoadReport.row(out, "contexts leased", "%,d at most, %,d now", after.contextsPeak(), after.contextsLeased());
        if (!failures.isEmpty()) {
            throw new IOException(failures.size() + " of " + connections + " connections failed; " + failures.get(0));
        }
        if (after.buffersLeased() != 0 || after.contextsLeased() != 0) {
            throw new IOException("buffers or contexts are still leased after everything was closed");
        }
        return CommandLine.ExitCode.OK;
    }

    /** Runs the transfers and closes everything but the group; returns what went wrong. */
    private List<String> run(IoGroup group, List<FileEcho> transfers, long totalBytes) throws Exception {
        CompletableFuture<Void> end = allOf(transfers.stream().map(FileEcho::outcome));
        Progress progress = new Progress("echoing", totalBytes >> 20, "MiB", () -> report.bytes() >> 20, report::note);
        report.start();
        try (TcpServer server = startServer(group);
                TcpClient client = newClient(group, server.port(), transfers)) {
            allOf(Stream.generate(client::connect).limit(connections)).get();
            end.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            progress.watch(end, console.err());
            report.stop();
            return transfers.stream().flatMap(FileEcho::failure).toList();
        }
    }

    private TcpServer startServer(IoGroup group) throws IOException {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> {
                    session.send(message);
                    mostBuffers.accumulate(group.stats().buffersLeased());
                })
                .bind("localhost", 0);
    }

    private static TcpClient newClient(IoGroup group, int port, List<FileEcho> transfers) throws IOException {
        return TcpClient.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .endpoint("localhost", port)
                .onMessage(new HandlerPerSession(new ConcurrentLinkedQueue<>(transfers)::remove))
                // What is refused is sent after the next echo, so a refusal need not close the session.
                .sessions(SessionConfig.builder()
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .build();
    }

    private static CompletableFuture<Void> allOf(Stream<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    /** Finds the jar that this runs from; from an IDE, where there is none, that of picocli. */
    private static Path ownJar() throws Exception {
        Path own = locationOf(Demo.class);
        return Files.isRegularFile(own) ? own : locationOf(CommandLine.class);
    }

    private static Path locationOf(Class<?> type) throws Exception {
        URI location = type.getProtectionDomain().getCodeSource().getLocation().toURI();
        return Path.of(location);
    }
}
