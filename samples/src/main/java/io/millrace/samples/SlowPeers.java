package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures what peers that never read cost those that do: a quiet server and a flooded one, in turns. */
@Command(
        name = "slow-peers",
        description = "Floods peers that never read, and shows how long others wait for their echoes meanwhile.")
public final class SlowPeers implements Callable<Integer> {
    private static final int ECHOES_IN_FLIGHT = 4;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final double MIB = 1 << 20;
    private static final double MICROS = TimeUnit.MICROSECONDS.toNanos(1);

    @Option(names = "--peers", paramLabel = "N", description = "Peers that never read (default: ${DEFAULT-VALUE}).")
    private int peers = 200;

    @Option(names = "--rounds", paramLabel = "N", description = "Runs of each kind (default: ${DEFAULT-VALUE}).")
    private int rounds = 9;

    @Option(names = "--millis", paramLabel = "N", description = "How long a run is (default: ${DEFAULT-VALUE}).")
    private int millis = 1_000;

    @Mixin
    private final Console console = new Console();

    /** What one run has seen. */
    private record Run(double p99Micros, double bufferMib) {}

    /**
     * Runs the sample.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new SlowPeers()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--peers", "--rounds", "--millis");
        double[] ratios = new double[rounds];
        // One group for all runs, so that they share its buffers, and memory is not asked for in the middle of one.
        try (IoGroup group = IoGroup.start()) {
            run(group, true);
            for (int round = 0; round < rounds; round++) {
                Run quiet = run(group, false);
                Run flooded = run(group, true);
                ratios[round] = flooded.p99Micros / quiet.p99Micros;
                String row = "%,.1f us quiet, %,.1f us flooded, with %.1f MiB in buffers";
                LoadReport.row(console.out(), "p99", row, quiet.p99Micros, flooded.p99Micros, flooded.bufferMib);
            }
        }
        Arrays.sort(ratios);
        LoadReport.row(console.out(), "p99 ratio", "%.2f in the median, %,d peers", ratios[rounds / 2], peers);
        return ExitCode.OK;
    }

    /** Serves peers that never read and a client that waits for echoes; floods the former, or leaves them alone. */
    private Run run(IoGroup group, boolean floods) throws Exception {
        CountDownLatch absent = new CountDownLatch(peers);
        List<Socket> silent = new ArrayList<>();
        ScheduledExecutorService flood = Executors.newSingleThreadScheduledExecutor();
        try (TcpServer server = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.lengthPrefixed())
                        .onOpen(session -> absent.countDown())
                        .onMessage((session, message) -> session.send(message))
                        .bind("127.0.0.1", 0);
                TcpClient client = TcpClient.builder()
                        .protocol(Protocol.lengthPrefixed())
                        .endpoint("127.0.0.1", server.port())
                        .build()) {
            for (int i = 0; i < peers; i++) {
                silent.add(connect(server.port()));
            }
            absent.await();
            List<Session> flooded = floods ? List.copyOf(server.sessions()) : List.of();
            flooded.forEach(SlowPeers::fill);
            byte[] message = new byte[1 << 10];
            flood.scheduleAtFixedRate(
                    () -> flooded.forEach(session -> session.send(message)), 1, 1, TimeUnit.MILLISECONDS);
            // What is measured is a flood that goes on. How it begins is not: it may hold up an echo for a while.
            client.call(new byte[Long.BYTES], TIMEOUT);
            long p99Nanos = echoes(client).getValueAtPercentile(99);
            double bufferMib = group.stats().bufferBytesLeased() / MIB;
            server.closeNow();
            return new Run(p99Nanos / MICROS, bufferMib);
        } finally {
            flood.shutdownNow();
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket peer = new Socket();
        // Small, so that what is sent stays with the server and not with the system.
        peer.setReceiveBufferSize(4 << 10);
        peer.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return peer;
    }

    /** Sends until the queue is at its limit. */
    private static void fill(Session session) {
        byte[] message = new byte[64 << 10];
        while (session.send(message).isAccepted()) {
            // The limit is near.
        }
    }

    private Histogram echoes(TcpClient client) throws Exception {
        RequestLoad load = new RequestLoad(Long.BYTES, RequestOptions.within(TIMEOUT));
        CompletableFuture<Void> asking = load.keepAsking(client, ECHOES_IN_FLIGHT);
        TimeUnit.MILLISECONDS.sleep(millis);
        load.finish();
        asking.get(TIMEOUT.toSeconds() + 1, TimeUnit.SECONDS);
        if (load.failed() > 0) {
            throw new IOException("echoes failed: " + load.failures());
        }
        return load.latencies();
    }
}
