package io.millrace.samples;

import io.millrace.core.SessionConfig;
import io.millrace.core.SocketConfig;
import io.millrace.core.protocol.Delimiters;
import io.millrace.server.ProxyProtocol;
import io.millrace.server.ShutdownHook;
import io.millrace.server.SlowMemberPolicy;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.RefusalReason;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Rooms for people to talk in, line by line, until SIGTERM or Ctrl-C. What they can do there is in ChatRooms. */
@Command(
        name = "chat-server",
        sortOptions = false,
        description = "Rooms to talk in, until SIGTERM or Ctrl-C. Come in with chat-client, or with nc 127.0.0.1 9000.")
public final class ChatServer implements Callable<Integer> {
    /** What becomes of lines for people who do not read. */
    private enum Slow {
        DROP(SlowMemberPolicy.DROP),
        SKIP(SlowMemberPolicy.SKIP_CONGESTED),
        CLOSE(SlowMemberPolicy.CLOSE);

        final SlowMemberPolicy policy;

        Slow(SlowMemberPolicy policy) {
            this.policy = policy;
        }
    }

    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Option(
            names = "--per-address",
            paramLabel = "N",
            description = "Connections of one address at once (default: 20).")
    private int perAddress = 20;

    @Option(
            names = "--idle",
            paramLabel = "SECONDS",
            description = "Who neither hears nor says anything for so long has to go (default: 600).")
    private int idleSeconds = 600;

    @Option(
            names = "--slow",
            paramLabel = "POLICY",
            description =
                    "What becomes of lines for people who do not read: drop (they miss what is beyond 256 KiB), skip"
                            + " (they miss all until they have read up), close (they have to go). Default: drop.")
    private Slow slow = Slow.DROP;

    @Option(
            names = "--proxy",
            paramLabel = "CIDR",
            description = "Where proxies are that say with the PROXY protocol who their clients are, such as"
                    + " 10.0.0.0/8. Then others are refused. Can be given again.")
    private List<String> proxies = List.of();

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the server.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new ChatServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--per-address", "--idle");
        PrintWriter out = console.out();
        ChatTraffic traffic = new ChatTraffic(slow.policy);
        ChatRooms rooms = new ChatRooms(newBuilder().listenOn(listen.host(), listen.port()), traffic);
        ScheduledExecutorService printer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "printer");
            thread.setDaemon(true);
            return thread;
        });
        try (TcpServer server = rooms.server().start()) {
            ShutdownHook.drain(server)
                    .beforehand(() -> rooms.tellAll("the server is going down"))
                    .onReport(report -> out.println(report + System.lineSeparator() + "  " + traffic))
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            printer.scheduleAtFixedRate(() -> traffic.news(server).ifPresent(out::println), 1, 1, TimeUnit.SECONDS);
            out.println("listening on " + listen.host() + ":" + server.port());
            server.awaitClosed();
        } finally {
            printer.shutdownNow();
        }
        return ExitCode.OK;
    }

    private TcpServerBuilder newBuilder() {
        TcpServerBuilder builder = TcpServer.builder()
                // Bytes. What is longer closes the session; what is shorter and still too long is answered.
                .protocol(Delimiters.lines().maxPayloadBytes(8 * ChatRooms.MOST_CHARACTERS))
                .admission(AdmissionConfig.builder()
                        .maxConnectionsPerAddress(perAddress)
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .refusalMessage(ChatServer::refusal)
                        .build())
                .sessions(SessionConfig.builder()
                        .idleTimeout(Duration.ofSeconds(idleSeconds))
                        // Small, so that it shows soon who does not read. Chat needs no more.
                        .sendMarks(16 << 10, 64 << 10)
                        .sendLimit(256 << 10)
                        .socket(SocketConfig.builder().sendBuffer(64 << 10).build())
                        .build());
        if (!proxies.isEmpty()) {
            builder.proxyProtocol(ProxyProtocol.trusting(proxies.toArray(String[]::new)));
        }
        return builder;
    }

    private static byte[] refusal(RefusalReason reason) {
        String why =
                switch (reason) {
                    case TOO_MANY_FROM_ADDRESS -> "there are too many connections from your address";
                    case UNTRUSTED_PROXY -> "this server is reached through its proxy only";
                    case BAD_PROXY_HEADER -> "the proxy does not say who you are";
                    default -> "there is no room for you now, come again later";
                };
        return ("* sorry, " + why).getBytes(StandardCharsets.UTF_8);
    }
}
