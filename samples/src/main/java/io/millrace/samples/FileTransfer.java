package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Fetches a file over a connection that is cut on the way, and goes on where it was cut. */
@Command(
        name = "file-transfer",
        sortOptions = false,
        description = "Serves a file and fetches it, both in this process unless told otherwise. The connection is cut"
                + " on the way; the next one says what is there already and brings the rest.")
public final class FileTransfer implements Callable<Integer> {
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final int ATTEMPTS_IN_VAIN = 3;

    @Option(names = "--file", paramLabel = "PATH", description = "The file to serve (default: one that is made up).")
    private @Nullable Path file;

    @Option(names = "--megabytes", paramLabel = "MIB", description = "How much to make up (default: ${DEFAULT-VALUE}).")
    private int megabytes = 128;

    @Option(
            names = "--cut",
            paramLabel = "PERCENT",
            description = "When the server cuts the connection, once; 0 for never (default: ${DEFAULT-VALUE}).")
    private int cutPercent = 40;

    @Option(
            names = "--to",
            paramLabel = "PATH",
            description = "Where the file goes; what is there already is not fetched again (default: nowhere to stay).")
    private @Nullable Path to;

    @Option(
            names = "--serve",
            paramLabel = "PORT",
            description = "Only serve, on this port, until the program is ended.")
    private @Nullable Integer servePort;

    @Option(names = "--from", paramLabel = "HOST:PORT", description = "Only fetch, from a server elsewhere.")
    private @Nullable String from;

    @Mixin
    private final Console console = new Console();

    /**
     * Serves and fetches a file.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new FileTransfer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--megabytes");
        Path target = to != null ? to : temporaryFile();
        if (from != null) {
            return fetch(Endpoint.parse(from), target);
        }
        Path served = file != null ? file : FileSender.makeUp(temporaryFile(), megabytes);
        TcpServerBuilder builder =
                TcpServer.builder().protocol(Protocol.lengthPrefixed()).onMessage(new FileSender(served, cutPercent));
        try (TcpServer server = servePort != null ? builder.bind(servePort) : builder.bind("127.0.0.1", 0)) {
            return servePort != null ? serve(server) : fetch(new Endpoint("127.0.0.1", server.port()), target);
        }
    }

    /** Makes a file that goes when this program ends, on Ctrl-C too. */
    private static Path temporaryFile() throws IOException {
        Path file = Files.createTempFile("file-transfer", null);
        file.toFile().deleteOnExit();
        return file;
    }

    private int serve(TcpServer server) throws InterruptedException {
        ShutdownHook.drain(server).exitStatus(ExitCode.OK, ExitCode.SOFTWARE).register();
        console.out().println("serving on port " + server.port());
        server.awaitClosed();
        return ExitCode.OK;
    }

    private int fetch(Endpoint server, Path target) throws Exception {
        ExecutorService disk = Executors.newSingleThreadExecutor();
        try (FileReceiver receiver = new FileReceiver(target);
                TcpClient client = TcpClient.builder()
                        .protocol(Protocol.lengthPrefixed())
                        .endpoints(server)
                        .handlerExecutor(disk)
                        .onMessage(receiver)
                        .sessions(
                                SessionConfig.builder().readIdleTimeout(SILENCE).build())
                        .build()) {
            int inVain = 0;
            for (int connection = 1; !receiver.isComplete(); connection++) {
                inVain = fetchMore(client, receiver, connection) ? 0 : inVain + 1;
                if (inVain == ATTEMPTS_IN_VAIN) {
                    throw new IOException("no more of the file came in " + inVain + " connections");
                }
            }
            byte[] sha256 = FileSender.sha256(target);
            boolean same = receiver.isExpected(sha256);
            row("SHA-256", "%s, %s", HexFormat.of().formatHex(sha256), same ? "as sent" : "NOT AS SENT");
            return same ? ExitCode.OK : ExitCode.SOFTWARE;
        } finally {
            disk.shutdown();
        }
    }

    /** Fetches what one connection brings; returns whether that is anything. */
    private boolean fetchMore(TcpClient client, FileReceiver receiver, int connection) throws Exception {
        long before = receiver.received();
        Session session = client.connect().get();
        Progress progress = new Progress("fetching", 100, "%", receiver::percent, receiver::note);
        progress.watch(session.closed(), console.err());
        CloseReason reason = session.closed().get();
        long after = receiver.received();
        row("connection " + connection, "bytes %,d to %,d, then %s", before, after, reason);
        return after > before;
    }

    private void row(String name, String format, Object... values) {
        LoadReport.row(console.out(), name, format, values);
    }
}
