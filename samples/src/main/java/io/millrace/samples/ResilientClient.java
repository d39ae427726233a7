package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.Codec;
import io.millrace.core.ReplyHandler;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A client with all that a client in earnest needs; the guide to the client shows it piece by piece. */
@Command(
        name = "resilient-client",
        description = "Asks servers of its own in every way there is: futures, callbacks, batches, over a pool.")
public final class ResilientClient implements Callable<Integer> {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

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
        PrintWriter out = spec.commandLine().getOut();
        try (TcpServer one = startServer();
                TcpServer other = startServer()) {
            Endpoint[] servers = Stream.of(one, other)
                    .map(server -> new Endpoint("127.0.0.1", server.port()))
                    .toArray(Endpoint[]::new);
            try (TcpClient client = newClient(EndpointSource.of(servers), out)) {
                askInEveryWay(client, out);
                LoadReport.row(out, "outcome", "%s", order(client, Codec.utf8().encode("one order")));
                LoadReport.row(out, "price", "%s", price(client, Codec.utf8().encode("a price")));
                LoadReport.row(out, "batch", "%s", batch(client));
                LoadReport.row(out, "borrowed", "%s", transaction(client));
                LoadReport.row(out, "own connection", "%s", converse(client));
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

    private static void askInEveryWay(TcpClient client, PrintWriter out) throws Exception {
        ByteBuffer payload = Codec.utf8().encode("hello");
        CompletableFuture<ByteBuffer> reply = client.request(payload, SECOND);
        LoadReport.row(out, "future", "%s", Codec.utf8().decode(reply.get()));

        LoadReport.row(
                out, "callback", "%,d bytes", lengthOfReply(client, payload).get());

        byte[] answer = client.call(new byte[] {1, 2, 3}, SECOND);
        LoadReport.row(out, "call", "%,d bytes", answer.length);

        CompletableFuture<String> text =
                client.request("hello", Codec.utf8(), Codec.utf8(), RequestOptions.within(SECOND));
        LoadReport.row(out, "typed", "%s", text.get());
    }

    private static CompletableFuture<Integer> lengthOfReply(TcpClient client, ByteBuffer payload) {
        CompletableFuture<Integer> length = new CompletableFuture<>();
        client.request(payload, SECOND, new ReplyHandler() {
            @Override
            public void onReply(ByteBuffer reply) {
                length.complete(reply.remaining());
            }

            @Override
            public void onFailure(TransportException failure) {
                length.completeExceptionally(failure);
            }
        });
        return length;
    }

    /** Says what became of an order, which must not be done twice. */
    private static String order(TcpClient client, ByteBuffer order) throws ExecutionException, InterruptedException {
        Outcome<ByteBuffer> outcome =
                client.exchange(order, RequestOptions.within(SECOND)).get();
        if (outcome.isReply()) {
            return "done by " + outcome.endpoint();
        }
        return outcome.maybeSent() ? "look whether it was done: " + outcome.kind() : "not done: " + outcome.kind();
    }

    /** Asks for a price, which may be done as often as need be. */
    private static String price(TcpClient client, ByteBuffer question) throws Exception {
        RequestOptions options = RequestOptions.within(SECOND).idempotent().maxAttempts(2);
        ByteBuffer price = client.exchange(question, options).get().orThrow();
        return Codec.utf8().decode(price);
    }

    /** Has a connection to itself for questions that belong together. */
    private static String transaction(TcpClient client) throws Exception {
        try (Borrowed borrowed = client.borrow(SECOND).get()) {
            Session session = borrowed.session();
            session.request(Codec.utf8().encode("begin"), SECOND).get();
            ByteBuffer done =
                    session.request(Codec.utf8().encode("commit"), SECOND).get();
            return Codec.utf8().decode(done);
        }
    }

    private static List<Outcome.Kind> batch(TcpClient client) throws ExecutionException, InterruptedException {
        List<ByteBuffer> payloads =
                Stream.of("one", "two", "three").map(Codec.utf8()::encode).toList();
        BatchOptions options = BatchOptions.within(SECOND).pipelined(16).mayMove();
        List<Outcome<ByteBuffer>> outcomes = client.batch(payloads, options).get();
        return outcomes.stream().map(Outcome::kind).toList();
    }

    /** Opens a connection that is not the pool's. */
    private static String converse(TcpClient client) throws Exception {
        Session session = client.connect().get();
        ByteBuffer reply = session.request(Codec.utf8().encode("hello"), SECOND).get();
        session.close();
        return Codec.utf8().decode(reply) + " from " + session.remoteAddress();
    }
}
