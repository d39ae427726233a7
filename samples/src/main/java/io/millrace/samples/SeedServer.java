package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.SeedProtocol;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerStats;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves the clients of the SocketAsyncEventArgs programs that Millrace descends from: bytes in, bytes out. */
@Command(
        name = "seed-server",
        description = "Answers requests in the wire format of the programs that Millrace descends from, until SIGTERM"
                + " or Ctrl-C.")
public final class SeedServer implements Callable<Integer> {
    /** What becomes of a request. */
    private enum Answer {
        /** Its text in capitals. */
        UPPER,
        /** Its own bytes. */
        ECHO
    }

    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Option(
            names = "--answer",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Answer answer = Answer.UPPER;

    @Option(
            names = "--idle",
            paramLabel = "SECONDS",
            description = "Closes connections that are silent for this long, without heartbeats too; 0 for never"
                    + " (default: ${DEFAULT-VALUE}).")
    private int idleSeconds = 60;

    @Mixin
    private final Console console = new Console();

    private final SeedProtocol protocol = SeedProtocol.create();

    /**
     * Runs the server.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new SeedServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (idleSeconds < 0) {
            throw new IllegalArgumentException("--idle is " + idleSeconds + "; it must be at least 0");
        }
        SessionConfig sessions = SessionConfig.builder()
                .idleTimeout(Duration.ofSeconds(idleSeconds))
                .build();
        try (IoGroup group = IoGroup.builder().name("seed").start();
                TcpServer server = TcpServer.builder()
                        .group(group)
                        .protocol(protocol)
                        .sessions(sessions)
                        .processor(this::answer)
                        .onOpen(this::opened)
                        .onClose(this::closed)
                        .bind(listen.host(), listen.port())) {
            ShutdownHook.drain(server)
                    .onReport(report -> print(server.stats()))
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            console.out().println("listening on " + listen.host() + ":" + server.port());
            server.awaitClosed();
        }
        return ExitCode.OK;
    }

    private byte[] answer(byte[] request) {
        return switch (answer) {
            case UPPER ->
                new String(request, StandardCharsets.UTF_8)
                        .toUpperCase(Locale.ROOT)
                        .getBytes(StandardCharsets.UTF_8);
            case ECHO -> request;
        };
    }

    private void opened(Session session) {
        console.out()
                .printf(
                        "%s came: sessions up to %d, transmissions up to %d%n",
                        session.remoteAddress(), protocol.lastSession(), protocol.lastTransmission());
    }

    private void closed(Session session, CloseReason reason) {
        console.out()
                .printf(
                        "%s left: %s, %,d requests%n",
                        session.remoteAddress(), reason.kind(), session.stats().messagesSent());
    }

    private void print(TcpServerStats stats) {
        PrintWriter out = console.out();
        LoadReport.row(
                out,
                "served",
                "%,d connections, %,d at once; %,d requests answered, %,d failed; %,d bytes in, %,d out",
                stats.accepted(),
                stats.peakConnections(),
                stats.requests().answered(),
                stats.requests().failed(),
                stats.traffic().bytesReceived(),
                stats.traffic().bytesSent());
        out.flush();
    }
}
