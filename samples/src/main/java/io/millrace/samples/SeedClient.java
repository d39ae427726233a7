package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientBuilder;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.SeedProtocol;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a seed-server, or one of the programs that Millrace descends from, with calls that wait for the reply. */
@Command(
        name = "seed-client",
        description = "Asks a seed-server from several threads at once, each of which waits for its reply, and counts"
                + " how the requests end.")
public final class SeedClient implements Callable<Integer> {
    private static final String OK = "socket:ok";

    @Parameters(arity = "0..*", paramLabel = "LINE", description = "What to ask, instead of generated requests.")
    private List<String> lines = new ArrayList<>();

    @Mixin
    private final EndpointOptions peer = new EndpointOptions();

    @Option(names = "--count", paramLabel = "N", description = "Requests to generate (default: ${DEFAULT-VALUE}).")
    private int count = 10_000;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that ask (default: ${DEFAULT-VALUE}).")
    private int threads = 4;

    @Option(
            names = "--timeout",
            paramLabel = "MILLIS",
            description = "How long each waits for its reply (default: ${DEFAULT-VALUE}).")
    private int timeoutMillis = 1000;

    @Option(
            names = "--heartbeat",
            paramLabel = "SECONDS",
            description = "Sends four zero bytes after so much silence; 0 for servers that cannot take them"
                    + " (default: ${DEFAULT-VALUE}).")
    private int heartbeatSeconds;

    @Mixin
    private final Console console = new Console();

    private final AtomicInteger next = new AtomicInteger();
    private final ConcurrentSkipListMap<String, LongAdder> outcomes = new ConcurrentSkipListMap<>();

    /**
     * Runs the client.
     *
     * @param args options; none are needed if a seed-server listens on port 9000
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new SeedClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--count", "--threads", "--timeout");
        if (heartbeatSeconds < 0) {
            throw new IllegalArgumentException("--heartbeat is " + heartbeatSeconds + "; it must be at least 0");
        }
        try (TcpClient client = newClient()) {
            // Without a server there is nothing to count: that fails here.
            client.connect().get().close();
            List<Thread> askers = new ArrayList<>();
            for (int i = 1; i <= threads; i++) {
                Thread asker = new Thread(() -> askUntilAllAreAsked(client), "asker-" + i);
                asker.start();
                askers.add(asker);
            }
            for (Thread asker : askers) {
                asker.join();
            }
        }
        PrintWriter out = console.out();
        outcomes.forEach((status, times) -> out.printf("  %,10d  %s%n", times.sum(), status));
        return outcomes.keySet().equals(Set.of(OK)) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private TcpClient newClient() throws TransportException {
        // The numbers of a reply are part of it here, as the original clients hand them over.
        SeedProtocol protocol = SeedProtocol.create().keepingReplyHeader();
        TcpClientBuilder builder = peer.newClient().jmx(false);
        if (heartbeatSeconds == 0) {
            return builder.protocol(protocol.withoutHeartbeats()).build();
        }
        HeartbeatConfig heartbeat = HeartbeatConfig.every(Duration.ofSeconds(heartbeatSeconds));
        return builder.protocol(protocol)
                .sessions(SessionConfig.builder().heartbeat(heartbeat).build())
                .build();
    }

    private void askUntilAllAreAsked(TcpClient client) {
        int all = lines.isEmpty() ? count : lines.size();
        int number;
        while ((number = next.getAndIncrement()) < all) {
            String question = lines.isEmpty() ? "request " + number : lines.get(number);
            String status = ask(client, question);
            outcomes.computeIfAbsent(status, key -> new LongAdder()).increment();
        }
    }

    /** Asks, waits, and returns what the original clients are told of it. */
    private String ask(TcpClient client, String question) {
        RequestOptions options = RequestOptions.within(Duration.ofMillis(timeoutMillis));
        Outcome<ByteBuffer> outcome;
        try {
            outcome = client.exchange(StandardCharsets.UTF_8.encode(question), options)
                    .join();
        } catch (IllegalArgumentException tooLong) {
            return "err:" + tooLong.getMessage();
        }
        ByteBuffer reply = outcome.reply();
        if (reply != null && !lines.isEmpty()) {
            print(question, reply.order(ByteOrder.LITTLE_ENDIAN));
        }
        return outcome.statusText();
    }

    private void print(String question, ByteBuffer reply) {
        int transmission = reply.getInt();
        int session = reply.getInt();
        console.out()
                .printf(
                        "%s -> %s (session %d, transmission %d)%n",
                        question, StandardCharsets.UTF_8.decode(reply), session, transmission);
    }
}
