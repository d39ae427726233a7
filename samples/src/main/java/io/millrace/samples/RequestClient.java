package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Asks a request-server as fast as it answers, through its restarts too, and shows what its pool does meanwhile. */
@Command(
        name = "request-client",
        description = "Asks a request-server as fast as it answers, and shows every second what the client does. While"
                + " the server is away requests wait for it; what it has not begun is asked again.")
public final class RequestClient implements Callable<Integer> {
    private static final int ATTEMPTS = 10;

    @Mixin
    private final EndpointOptions peer = new EndpointOptions();

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Connections of the pool (default: ${DEFAULT-VALUE}).")
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

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "How long a request may take, a restart of the server included (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds = 10;

    @Mixin
    private final Console console = new Console();

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
        console.requirePositive("--connections", "--depth", "--size", "--seconds", "--timeout");
        RequestLoad load = new RequestLoad(size, RequestOptions.within(Duration.ofSeconds(timeoutSeconds)));
        try (TcpClient client = newClient()) {
            LiveStatistics statistics = new LiveStatistics(client, load, console.out());
            CompletableFuture<Void> asking = load.keepAsking(client, connections * depth);
            for (int i = 0; i < seconds; i++) {
                TimeUnit.SECONDS.sleep(1);
                statistics.printLine();
            }
            load.finish();
            // A second more than the last request may take.
            asking.get(timeoutSeconds + 1, TimeUnit.SECONDS);
            if (load.answered() == 0) {
                throw new IOException(peer + " answered nothing; start request-server there");
            }
            statistics.printTotals();
        }
        return load.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private TcpClient newClient() throws IOException {
        int inFlight = connections * depth;
        PoolConfig pool = PoolConfig.builder()
                .maxConnections(connections)
                .maxConnectionsPerEndpoint(connections)
                .requestsPerConnection(depth)
                .maxWaiting(inFlight)
                .build();
        return peer.newClient()
                .protocol(Protocol.millrace())
                .pool(pool)
                .whileDown(WhileDown.WAIT)
                .retry(RetryConfig.defaults().maxAttempts(ATTEMPTS).burst(Math.max(inFlight, 1_000)))
                .onStateChange(this::print)
                .build();
    }

    private void print(ClientState from, ClientState to, @Nullable TransportException cause) {
        console.err().println(from + " -> " + to + (cause == null ? "" : ": " + cause.getMessage()));
    }
}
