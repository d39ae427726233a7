package io.millrace.benchmarks.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Connections to an echo server on one selector. Every byte that comes back is compared with what was sent, and every
 * wait ends: a server that falls silent is an error.
 *
 * <p><b>Threading:</b> confined to one thread.
 */
final class EchoConnections implements AutoCloseable {
    /** The most that one system call moves, and a slice of the pattern has. */
    static final int WINDOW_BYTES = 256 << 10;

    /** How many connections may wait to be accepted; some servers' backlog is as short as 50. */
    private static final int CONNECTING = 32;

    private static final long LARGEST_LATENCY_NANOS = 60_000_000_000L;
    private static final int SELECT_MILLIS = 10;

    private final EchoPoint point;
    private final long patienceNanos;
    private final Pattern pattern;
    private final Selector selector;
    private final List<EchoConnection> connections = new ArrayList<>();
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES);
    private final Histogram latencies = new Histogram(LARGEST_LATENCY_NANOS, 3);
    private final Consumer<SelectionKey> onReady = this::ready;

    private EchoListener listener = (connection, frames, now) -> {};
    private long lastProgress;

    /**
     * Connects, with an echo of one message on some to see that the server keeps up with accepting.
     *
     * @param patience how long the server may be silent while something is in flight
     * @throws IOException if the server is silent, closes a connection or sends what is wrong
     */
    EchoConnections(int port, EchoPoint point, Duration patience) throws IOException {
        this.point = point;
        patienceNanos = patience.toNanos();
        pattern = new Pattern(point.bytes(), WINDOW_BYTES);
        selector = Selector.open();
        try {
            connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void connect(InetSocketAddress server) throws IOException {
        for (int i = 1; i <= point.connections(); i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_LINGER, 0); // a reset leaves no port taken behind it
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
            EchoConnection connection = new EchoConnection(key, pattern, point.inFlight());
            key.attach(connection);
            connections.add(connection);
            if (i % CONNECTING == 0 || i == point.connections()) {
                connection.owe(1, System.nanoTime());
                connection.write();
                drain();
            }
        }
    }

    /** Begins to count afresh, and tells a listener of frames that come back from now on. */
    void begin(EchoListener newListener) {
        listener = newListener;
        latencies.reset();
        lastProgress = System.nanoTime();
    }

    List<EchoConnection> all() {
        return connections;
    }

    Histogram latencies() {
        return latencies;
    }

    /** Waits until something is ready, though not for long, and reads and writes that. */
    void await(long now) throws IOException {
        select(now, SELECT_MILLIS);
    }

    /** Reads and writes what is ready now. */
    void poll(long now) throws IOException {
        select(now, 0);
    }

    /** Waits until everything that was sent has come back. */
    void drain() throws IOException {
        drain(Long.MAX_VALUE);
    }

    /** Waits until everything that was sent has come back, and returns whether it did in this time. */
    boolean drain(long limitNanos) throws IOException {
        long began = System.nanoTime();
        lastProgress = began;
        for (EchoConnection connection : connections) {
            while (!connection.isWhole()) {
                long now = System.nanoTime();
                if (now - began > limitNanos) {
                    return false;
                }
                await(now);
            }
        }
        return true;
    }

    /** Looks at the time only if nothing was ready: else there was progress. */
    private void select(long now, int millis) throws IOException {
        int ready;
        try {
            ready = millis == 0 ? selector.selectNow(onReady) : selector.select(onReady, millis);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (ready > 0) {
            lastProgress = now;
        } else if (now - lastProgress > patienceNanos) {
            throw silent();
        }
    }

    private void ready(SelectionKey key) {
        EchoConnection connection = (EchoConnection) key.attachment();
        try {
            if (key.isReadable()) {
                long frames = connection.read(window);
                if (frames > 0) {
                    long now = System.nanoTime();
                    connection.record(frames, now, latencies);
                    listener.onFrames(connection, frames, now);
                }
            }
            connection.write();
        } catch (IOException e) {
            String where = point + ", connection " + (1 + connections.indexOf(connection)) + ": ";
            throw new UncheckedIOException(new IOException(where + e.getMessage(), e));
        }
    }

    private IOException silent() {
        List<EchoConnection> waiting =
                connections.stream().filter(one -> !one.isWhole()).toList();
        return new IOException(String.format(
                "%s: no byte came for %.1f s, while %d of %d connections wait for %d bytes",
                point,
                patienceNanos / 1e9,
                waiting.size(),
                connections.size(),
                waiting.stream().mapToLong(EchoConnection::missingBytes).sum()));
    }

    @Override
    public void close() throws IOException {
        for (EchoConnection connection : connections) {
            connection.close();
        }
        selector.close();
    }
}
