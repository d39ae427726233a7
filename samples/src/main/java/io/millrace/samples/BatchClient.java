package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Sends batches of messages on one connection, each waiting for the reply before it or not, and compares. */
@Command(
        name = "batch-client",
        description = "Sends batches of requests to a server of its own: strict, where each waits for the reply to the"
                + " one before, and pipelined. With --drop the server leaves in the middle of a batch.")
public final class BatchClient implements Callable<Integer> {
    /** The protocol, as named on the command line. */
    private enum Wire {
        MILLRACE,
        INT32,
        SEED;

        Protocol protocol() {
            return switch (this) {
                case MILLRACE -> Protocol.millrace();
                case INT32 -> Protocol.lengthPrefixed();
                case SEED -> Protocol.seed();
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int NEVER = Integer.MAX_VALUE;

    @Option(names = "--size", paramLabel = "N", description = "Messages per batch (default: ${DEFAULT-VALUE}).")
    private int size = 100;

    @Option(names = "--batches", paramLabel = "N", description = "Batches of each kind (default: ${DEFAULT-VALUE}).")
    private int batches = 200;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description = "Messages of a pipelined batch in flight (default: ${DEFAULT-VALUE}).")
    private int inFlight = 32;

    @Option(names = "--bytes", paramLabel = "BYTES", description = "Bytes per message (default: ${DEFAULT-VALUE}).")
    private int bytes = 64;

    @Option(
            names = "--protocol",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). seed has one message in flight,"
                    + " so its batches are always strict.")
    private Wire wire = Wire.MILLRACE;

    @Option(
            names = "--drop",
            description = "The server closes the connection in the middle of one batch of each kind, and what became"
                    + " of each message is shown.")
    private boolean drop;

    @Option(
            names = "--may-move",
            description = "What is not sent when the connection is lost goes over another one (with --drop).")
    private boolean mayMove;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    /** After how many requests more the server closes the connection. */
    private final AtomicInteger untilDrop = new AtomicInteger(NEVER);

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
        Main.requirePositive("--size", size);
        Main.requirePositive("--batches", batches);
        Main.requirePositive("--in-flight", inFlight);
        Main.requirePositive("--bytes", bytes);
        try (TcpServer server = startServer();
                TcpClient client = TcpClient.builder()
                        .protocol(wire.protocol())
                        .endpoint("127.0.0.1", server.port())
                        .build()) {
            return drop ? showDrop(client) : compare(client);
        }
    }

    private TcpServer startServer() throws IOException {
        return TcpServer.builder()
                .protocol(wire.protocol())
                .onRequest((session, request, reply) -> {
                    if (untilDrop.get() != NEVER && untilDrop.decrementAndGet() <= 0) {
                        untilDrop.set(NEVER);
                        session.abort();
                    } else {
                        reply.send(request);
                    }
                })
                .bind("127.0.0.1", 0);
    }

    /** Sends many batches of both kinds, and prints how long they took. */
    private int compare(TcpClient client) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        // Both warm up before either is measured.
        run(client, strict(), Math.min(batches, 20));
        run(client, pipelined(), Math.min(batches, 20));
        out.printf("%-10s %9s %10s %14s %14s  %s%n", "batch", "messages", "p50 ms", "p99 ms", "messages/s", "outcomes");
        boolean strictReplied = print(out, "strict", run(client, strict(), batches));
        boolean pipelinedReplied = print(out, "pipelined", run(client, pipelined(), batches));
        return strictReplied && pipelinedReplied ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static BatchOptions strict() {
        return BatchOptions.within(TIMEOUT);
    }

    private BatchOptions pipelined() {
        return BatchOptions.within(TIMEOUT).pipelined(inFlight);
    }

    /** What became of a number of batches: how long each took, and how its messages ended. */
    private record Run(Histogram nanos, Map<Outcome.Kind, Integer> outcomes) {}

    private Run run(TcpClient client, BatchOptions options, int times) throws Exception {
        Run run = new Run(new Histogram(3), new TreeMap<>());
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            List<Outcome<ByteBuffer>> outcomes =
                    client.batch(messages(), options).get();
            run.nanos.recordValue(System.nanoTime() - start);
            outcomes.forEach(outcome -> run.outcomes.merge(outcome.kind(), 1, Integer::sum));
        }
        return run;
    }

    private List<ByteBuffer> messages() {
        return IntStream.range(0, size)
                .mapToObj(
                        i -> ByteBuffer.allocate(Math.max(bytes, Integer.BYTES)).putInt(0, i))
                .toList();
    }

    private boolean print(PrintWriter out, String kind, Run run) {
        double milli = TimeUnit.MILLISECONDS.toNanos(1);
        double seconds = run.nanos.getMean() * run.nanos.getTotalCount() / TimeUnit.SECONDS.toNanos(1);
        long messages = run.nanos.getTotalCount() * size;
        out.printf(
                Locale.ROOT,
                "%-10s %,9d %10.3f %14.3f %,14.0f  %s%n",
                kind,
                messages,
                run.nanos.getValueAtPercentile(50) / milli,
                run.nanos.getValueAtPercentile(99) / milli,
                messages / seconds,
                run.outcomes);
        return run.outcomes.keySet().equals(Set.of(Outcome.Kind.REPLIED));
    }

    /** Sends a batch of each kind that loses its connection in the middle, and prints what became of each message. */
    private int showDrop(TcpClient client) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        showDrop(client, "strict", strict(), out);
        showDrop(client, "pipelined", pipelined(), out);
        return ExitCode.OK;
    }

    private void showDrop(TcpClient client, String kind, BatchOptions options, PrintWriter out) throws Exception {
        int middle = (size + 1) / 2;
        untilDrop.set(middle);
        List<Outcome<ByteBuffer>> outcomes =
                client.batch(messages(), mayMove ? options.mayMove() : options).get();
        out.printf(Locale.ROOT, "%s batch of %,d; the server leaves at message %,d%n", kind, size, middle);
        out.printf("  %-12s %-12s %-10s %-9s %s%n", "messages", "outcome", "maybe sent", "attempts", "connection");
        int first = 0;
        while (first < size) {
            int end = first + 1;
            while (end < size && describe(outcomes.get(end)).equals(describe(outcomes.get(first)))) {
                end++;
            }
            String range = end == first + 1 ? "" + (first + 1) : (first + 1) + "-" + end;
            out.printf("  %-12s %s%n", range, describe(outcomes.get(first)));
            first = end;
        }
        outcomes.stream()
                .filter(outcome -> !outcome.isReply())
                .findFirst()
                .ifPresent(outcome -> out.println("  because: " + outcome.failure()));
    }

    private static String describe(Outcome<?> outcome) {
        return String.format(
                Locale.ROOT,
                "%-12s %-10s %-9d %s",
                outcome.kind(),
                outcome.maybeSent() ? "yes" : "no",
                outcome.attempts(),
                outcome.connectionUse() == null ? "none" : outcome.connectionUse());
    }
}
