package io.millrace.samples;

import io.millrace.core.IoGroup;
import io.millrace.core.SessionConfig;
import io.millrace.samples.resp.RespHandler;
import io.millrace.samples.resp.RespProtocol;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A subset of Redis, for redis-cli, redis-benchmark and whatever else speaks its protocol. */
@Command(
        name = "resp-server",
        description = "A subset of Redis in memory, until SIGTERM or Ctrl-C. Try it with redis-cli -p 6380.")
public final class RespServer implements Callable<Integer> {
    /** One reply may be as long as this. Before the next the session waits until little is queued. */
    private static final int MAX_REPLY_BYTES = 64 << 20;

    /** One above the port of Redis, which may run beside it. */
    @Mixin
    private final ListenOptions listen = new ListenOptions(6380);

    @Option(names = "--threads", paramLabel = "N", description = "I/O threads (default: ${DEFAULT-VALUE}).")
    private int threads = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    /**
     * Runs the server.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new RespServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Main.requirePositive("--threads", threads);
        try (IoGroup group = IoGroup.builder().name("resp").threads(threads).start();
                TcpServer server = newServer(threads).group(group).bind(listen.host(), listen.port())) {
            ShutdownHook.drain(server)
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            spec.commandLine().getOut().println("listening on " + listen.host() + ":" + server.port());
            server.awaitClosed();
        }
        return ExitCode.OK;
    }

    /** Makes a server with an empty database, for so many I/O threads. */
    static TcpServerBuilder newServer(int threads) {
        return TcpServer.builder()
                .protocol(RespProtocol.INSTANCE)
                .sessions(SessionConfig.builder().sendLimit(MAX_REPLY_BYTES).build())
                .onMessage(new RespHandler(threads));
    }
}
