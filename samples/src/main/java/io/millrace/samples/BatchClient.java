package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends batches of messages on one connection, each waiting for the reply before it or not, and compares. */
@Command(
        name = "batch-client",
        description = "Sends batches of requests to a server of its own: strict, where each waits for the reply to the"
                + " one before, and pipelined. With --drop the server leaves in the middle of a batch.")
public final class BatchClient implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int BYTES = 64;
    private static final double MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    @Option(names = "--size", paramLabel = "N", description = "Messages per batch (default: ${DEFAULT-VALUE}).")
    private int size = 100;

    @Option(names = "--batches", paramLabel = "N", description = "Batches of each kind (default: ${DEFAULT-VALUE}).")
    private int batches = 200;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description = "Messages of a pipelined batch in flight (default: ${DEFAULT-VALUE}).")
    private int inFlight = 32;

    @Option(
            names = "--drop",
            description = "The server closes the connection in the middle of one batch of each kind, and what became"
                    + " of each message is shown.")
    private boolean drop;

    @Option(
            names = "--may-move",
            description = "What is not sent when the connection is lost goes over another one (with --drop).")
    private boolean mayMove;

    @Mixin
    private final Console console = new Console();

    // The server closes the connection at the request that counts it down to 0.
    private final AtomicInteger untilDrop = new AtomicInteger();

    /**
     * Runs the client.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new BatchClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--size", "--batches", "--in-flight");
        try (TcpServer server = startServer();
                TcpClient client = TcpClient.builder()
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .build()) {
            if (drop) {
                showDrop(client, "strict", strict());
                showDrop(client, "pipelined", pipelined());
                return ExitCode.OK;
            }
            console.out().printf("%-10s %9s %10s %14s  %s%n", "batch", "messages", "p50 ms", "p99 ms", "outcomes");
            boolean replied = measure(client, "strict", strict()) && measure(client, "pipelined", pipelined());
            return replied ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private TcpServer startServer() throws IOException {
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> {
                    if (untilDrop.decrementAndGet() == 0) {
                        session.abort();
                    } else {
                        reply.send(request);
                    }
                })
                .bind("127.0.0.1", 0);
    }

    private static BatchOptions strict() {
        return BatchOptions.within(TIMEOUT);
    }

    private BatchOptions pipelined() {
        return BatchOptions.within(TIMEOUT).pipelined(inFlight);
    }

    /** Sends many batches, prints how long they took, and returns whether every message had its reply. */
    private boolean measure(TcpClient client, String kind, BatchOptions options) throws Exception {
        Histogram nanos = new Histogram(3);
        Map<Outcome.Kind, Integer> outcomes = new TreeMap<>();
        // The first half warms up.
        for (int i = -batches; i < batches; i++) {
            long start = System.nanoTime();
            List<Outcome<ByteBuffer>> batch = client.batch(messages(), options).get();
            if (i >= 0) {
                nanos.recordValue(System.nanoTime() - start);
                batch.forEach(outcome -> outcomes.merge(outcome.kind(), 1, Integer::sum));
            }
        }
        double p50 = nanos.getValueAtPercentile(50) / MILLI;
        double p99 = nanos.getValueAtPercentile(99) / MILLI;
        console.out().printf(Locale.ROOT, "%-10s %,9d %10.3f %14.3f  %s%n", kind, batches * size, p50, p99, outcomes);
        return outcomes.keySet().equals(Set.of(Outcome.Kind.REPLIED));
    }

    private List<ByteBuffer> messages() {
        return IntStream.range(0, size)
                .mapToObj(i -> ByteBuffer.allocate(BYTES).putInt(0, i))
                .toList();
    }

    /** Sends a batch that loses its connection in the middle, and shows what became of each message. */
    private void showDrop(TcpClient client, String kind, BatchOptions options) throws Exception {
        int middle = (size + 1) / 2;
        untilDrop.set(middle);
        List<Outcome<ByteBuffer>> outcomes =
                client.batch(messages(), mayMove ? options.mayMove() : options).get();
        console.out().printf("%s batch of %,d; the server leaves at message %,d%n", kind, size, middle);
        OutcomeTable.print(outcomes, console.out());
    }
}
