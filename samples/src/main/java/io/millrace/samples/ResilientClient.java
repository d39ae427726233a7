package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.Codec;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** A client with all that a client in earnest needs; the guide to the client shows it piece by piece. */
@Command(
        name = "resilient-client",
        description = "Asks servers of its own in every way there is: futures, callbacks, batches, over a pool.")
public final class ResilientClient implements Callable<Integer> {
    @Mixin
    private final Console console = new Console();

    /**
     * Runs the client.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new ResilientClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = console.out();
        try (TcpServer one = startServer();
                TcpServer other = startServer()) {
            Endpoint[] servers = Stream.of(one, other)
                    .map(server -> new Endpoint("127.0.0.1", server.port()))
                    .toArray(Endpoint[]::new);
            try (TcpClient client = newClient(EndpointSource.of(servers), out)) {
                WaysToAsk ways = new WaysToAsk(client);
                ByteBuffer hello = Codec.utf8().encode("hello");
                LoadReport.row(out, "future", "%s", ways.future(hello));
                LoadReport.row(out, "typed", "%s", ways.typed());
                LoadReport.row(out, "call", "%,d bytes", ways.call(new byte[] {1, 2, 3}).length);
                LoadReport.row(
                        out, "callback", "%,d bytes", ways.lengthOfReply(hello).get());
                LoadReport.row(out, "outcome", "%s", ways.order(Codec.utf8().encode("one order")));
                LoadReport.row(out, "price", "%s", ways.price(Codec.utf8().encode("a price")));
                LoadReport.row(out, "batch", "%s", ways.batch());
                LoadReport.row(out, "borrowed", "%s", ways.transaction());
                LoadReport.row(out, "own connection", "%s", ways.converse());
                LoadReport.row(out, "pool", "%s", client.poolStats());
                client.endpoints().forEach(endpoint -> LoadReport.row(out, "endpoint", "%s", endpoint));
            }
        }
        return ExitCode.OK;
    }

    /** Starts a server that answers requests and messages with their own bytes. */
    private static TcpServer startServer() throws IOException {
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .onMessage((session, message) -> session.send(message))
                .processor(request -> request)
                .bind("127.0.0.1", 0);
    }

    static TcpClient newClient(EndpointSource servers, PrintWriter out) throws TransportException {
        PoolConfig pool = PoolConfig.builder()
                .maxConnections(32)
                .minIdle(1)
                .maxWaiting(500)
                .acquireTimeout(Duration.ofMillis(500))
                .idleTimeout(Duration.ofMinutes(1))
                .build();
        return TcpClient.builder()
                .protocol(Protocol.millrace())
                .connectTimeout(Duration.ofSeconds(2))
                .endpoints(servers)
                .endpointPicker(EndpointPicker.leastInFlight())
                .pool(pool)
                .retry(RetryConfig.defaults().maxAttempts(4))
                .backoff(Backoff.defaults().delays(Duration.ofMillis(50), Duration.ofSeconds(5)))
                .whileDown(WhileDown.WAIT)
                .onStateChange(
                        (from, to, cause) -> out.println(from + " -> " + to + (cause == null ? "" : ": " + cause)))
                .build();
    }
}
