package io.millrace.samples;

import io.millrace.core.Codec;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import io.millrace.server.admission.AddressFilter;
import io.millrace.server.admission.AdmissionConfig;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** A gateway for devices with all that a server in earnest needs; the guide to the server shows it piece by piece. */
@Command(
        name = "gateway",
        description = "Takes devices in, by rules; tells them things in groups; answers them; drains on SIGTERM.")
public final class Gateway implements Callable<Integer> {
    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the gateway.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new Gateway()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        try (TcpServer server = newServer(new AddressFilter()).bind(listen.host(), listen.port())) {
            ShutdownHook.drain(server)
                    .deadline(Duration.ofSeconds(20))
                    .onReport(report -> console.err().println(report))
                    .exitStatus(ExitCode.OK, ExitCode.SOFTWARE)
                    .register();
            console.out().println("listening on " + listen.host() + ":" + server.port());
            clock.scheduleAtFixedRate(() -> tellTheTime(server), 1, 1, TimeUnit.SECONDS);
            server.awaitClosed();
        } finally {
            clock.shutdownNow();
        }
        return ExitCode.OK;
    }

    static TcpServerBuilder newServer(AddressFilter filter) {
        AdmissionConfig rules = AdmissionConfig.builder()
                .maxConnections(20_000)
                .maxConnectionsPerAddress(50)
                .acceptRate(500, 1_000)
                .filter(filter.deny("192.0.2.0/24"))
                .refusalMessage(reason -> ("refused: " + reason).getBytes(StandardCharsets.UTF_8))
                .build();
        SessionConfig behaviour = SessionConfig.builder()
                .firstFrameTimeout(Duration.ofSeconds(10))
                .heartbeat(HeartbeatConfig.every(Duration.ofSeconds(30)).maxMissed(3))
                .maxAge(Duration.ofHours(12))
                .requestsInProgress(100)
                .build();
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .admission(rules)
                .sessions(behaviour)
                .requestsInProgress(10_000)
                .onOpen(session -> TcpServer.of(session).groups().join("clock", session))
                .processor(request -> request);
    }

    private static void tellTheTime(TcpServer server) {
        server.groups()
                .group("clock")
                .broadcast(LocalTime.now(ZoneId.systemDefault()).toString(), Codec.utf8());
    }

    /** Asks one device something, and says what came of it. */
    static CompletableFuture<String> ask(Session device, String question) {
        ByteBuffer payload = StandardCharsets.UTF_8.encode(question);
        return device.request(payload, Duration.ofSeconds(2))
                .thenApply(answer -> StandardCharsets.UTF_8.decode(answer).toString())
                .exceptionally(failure -> "no answer: " + failure.getMessage());
    }
}
