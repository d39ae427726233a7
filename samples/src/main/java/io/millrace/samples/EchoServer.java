package io.millrace.samples;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.millrace.core.IoGroup;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends every message back to whom it came from, until SIGTERM or Ctrl-C. */
@Command(name = "echo-server", description = "Sends every message back, until SIGTERM or Ctrl-C.")
public final class EchoServer implements Callable<Integer> {
    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "I/O threads (default: ${DEFAULT-VALUE}, the processors).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--framing",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Framing framing = Framing.INT32;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description = "Connections at once; more wait until others leave (default: ${DEFAULT-VALUE}).")
    private int maxConnections = TcpServerBuilder.DEFAULT_MAX_CONNECTIONS;

    @Option(
            names = {"-v", "--verbose"},
            description = "Log to standard error, such as why a connection was closed.")
    private boolean verbose;

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the server.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new EchoServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (verbose) {
            ((Logger) LoggerFactory.getLogger("io.millrace")).setLevel(Level.DEBUG);
        }
        try (IoGroup group = IoGroup.builder().name("echo").threads(threads).start();
                TcpServer server =
                        newServer().group(group).maxConnections(maxConnections).bind(listen.host(), listen.port())) {
            ShutdownHook.drain(server)
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            console.out().println("listening on " + listen.host() + ":" + server.port());
            server.awaitClosed();
        }
        return ExitCode.OK;
    }

    /** Makes a server that echoes messages, and requests where the protocol knows them. */
    private TcpServerBuilder newServer() {
        TcpServerBuilder server =
                TcpServer.builder().protocol(framing.protocol()).onMessage((session, message) -> session.send(message));
        return framing == Framing.MILLRACE ? server.processor(request -> request) : server;
    }
}
