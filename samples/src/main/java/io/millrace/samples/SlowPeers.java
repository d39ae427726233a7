package io.millrace.samples;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what peers that never read cost those that do: a quiet server and a flooded one, in turns. */
@Command(
        name = "slow-peers",
        description = "Floods peers that never read, and shows how long others wait for their echoes meanwhile.")
public final class SlowPeers implements Callable<Integer> {
    private static final int MESSAGE_BYTES = 64;
    private static final int FLOOD_BYTES = 1_024;
    private static final int SILENT_BUFFER_BYTES = 4 << 10;
    private static final int FILL_BYTES = 64 << 10;
    private static final double MICROS = TimeUnit.MICROSECONDS.toNanos(1);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    @Option(names = "--peers", paramLabel = "N", description = "Peers that never read (default: ${DEFAULT-VALUE}).")
    private int peers = 200;

    @Option(
            names = "--clients",
            paramLabel = "N",
            description = "Clients that wait for echoes (default: ${DEFAULT-VALUE}).")
    private int clients = 4;

    @Option(
            names = "--messages",
            paramLabel = "N",
            description = "Echoes per client and run (default: ${DEFAULT-VALUE}).")
    private int messages = 20_000;

    @Option(names = "--rounds", paramLabel = "N", description = "Runs of each kind (default: ${DEFAULT-VALUE}).")
    private int rounds = 9;

    /** What one run has seen. */
    private record Run(Histogram latencyNanos, long bufferBytes) {
        double micros(double percentile) {
            return latencyNanos.getValueAtPercentile(percentile) / MICROS;
        }
    }

    /**
     * Runs the sample by itself.
     *
     * @param args the options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new SlowPeers()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Main.requirePositive("--peers", peers);
        Main.requirePositive("--clients", clients);
        Main.requirePositive("--messages", messages);
        Main.requirePositive("--rounds", rounds);
        PrintWriter out = spec.commandLine().getOut();
        try (IoGroup group = IoGroup.builder().start()) {
            // Once of each to warm up.
            run(group, false);
            run(group, true);
            measure(group, out);
        }
        return 0;
    }

    private void measure(IoGroup group, PrintWriter out) throws Exception {
        out.println("                 quiet                  flooded");
        out.println("  round     p50 us    p99 us      p50 us    p99 us   p99 ratio   buffers MiB");
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            Run quiet = run(group, false);
            Run flooded = run(group, true);
            ratios[round] = flooded.micros(99) / quiet.micros(99);
            out.printf(
                    Locale.ROOT,
                    "  %5d  %9.1f %9.1f   %9.1f %9.1f   %9.2f   %11.1f%n",
                    round + 1,
                    quiet.micros(50),
                    quiet.micros(99),
                    flooded.micros(50),
                    flooded.micros(99),
                    ratios[round],
                    flooded.bufferBytes / (double) (1 << 20));
            out.flush();
        }
        Arrays.sort(ratios);
        out.printf(
                Locale.ROOT,
                "  p99 with %d peers that never read, over p99 without a flood: median %.2f, from %.2f to %.2f%n",
                peers,
                ratios[rounds / 2],
                ratios[0],
                ratios[rounds - 1]);
    }

    /** Serves peers that never read and clients that wait for echoes; floods the former, or leaves them alone. */
    private Run run(IoGroup group, boolean floods) throws Exception {
        List<Socket> silent = new ArrayList<>();
        try (TcpServer server = TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0)) {
            for (int i = 0; i < peers; i++) {
                Socket peer = new Socket();
                silent.add(peer);
                // Small, so that what is sent stays with the server and not with the system.
                peer.setReceiveBufferSize(SILENT_BUFFER_BYTES);
                peer.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            }
            while (server.sessions().size() < peers) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            List<Session> flooded = floods ? List.copyOf(server.sessions()) : List.of();
            flooded.forEach(SlowPeers::fill);
            Thread flood = flood(flooded);
            Histogram latencyNanos = echoes(server.port());
            long bufferBytes = group.stats().bufferBytesLeased();
            flood.interrupt();
            flood.join();
            server.sessions().forEach(Session::abort);
            return new Run(latencyNanos, bufferBytes);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    /** Sends until the queue is at its limit. */
    private static void fill(Session session) {
        byte[] message = new byte[FILL_BYTES];
        while (session.send(message).isAccepted()) {
            // The limit is near.
        }
    }

    /** Sends to each of the sessions again and again, a thousand times a second; all that finds no room is refused. */
    private static Thread flood(List<Session> sessions) {
        byte[] message = new byte[FLOOD_BYTES];
        Thread flood = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                sessions.forEach(session -> session.send(message));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        });
        flood.start();
        return flood;
    }

    /** Lets each client send one message after another, and returns how long their echoes took together. */
    private Histogram echoes(int port) throws Exception {
        Callable<Histogram> client = () -> echo(port);
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            Histogram all = new Histogram(3);
            for (Future<Histogram> latencyNanos : threads.invokeAll(Collections.nCopies(clients, client))) {
                all.add(latencyNanos.get());
            }
            return all;
        } finally {
            threads.shutdown();
        }
    }

    private Histogram echo(int port) throws IOException {
        Histogram latencyNanos = new Histogram(3);
        byte[] frame = ByteBuffer.allocate(Integer.BYTES + MESSAGE_BYTES)
                .putInt(MESSAGE_BYTES)
                .array();
        byte[] back = new byte[frame.length];
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            for (int i = 0; i < messages; i++) {
                long start = System.nanoTime();
                socket.getOutputStream().write(frame);
                in.readFully(back);
                latencyNanos.recordValue(System.nanoTime() - start);
            }
        }
        return latencyNanos;
    }
}
