package io.millrace.benchmarks.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Keeps a number of messages in flight on every connection: each echo that has come back whole is followed by one more
 * message. One thread, one selector; every byte that comes back is compared with what was sent.
 */
final class ClosedLoop implements AutoCloseable {
    private static final int WINDOW_BYTES = 256 << 10;
    private static final long LARGEST_LATENCY_NANOS = 60_000_000_000L;

    private final EchoPoint point;
    private final Pattern pattern;
    private final Selector selector;
    private final List<Connection> connections = new ArrayList<>();
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES);
    private final Histogram latencies = new Histogram(LARGEST_LATENCY_NANOS, 3);
    private final Consumer<SelectionKey> onReady = this::ready;

    // Confined to the thread that runs the loop.
    private long messages;
    private boolean isEnding;

    ClosedLoop(int port, EchoPoint point) throws IOException {
        this.point = point;
        pattern = new Pattern(point.bytes(), WINDOW_BYTES);
        selector = Selector.open();
        for (int i = 0; i < point.connections(); i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            connections.add(new Connection(channel));
        }
    }

    /** Sends for so long, then waits until everything in flight has come back. */
    LoadResult run(long nanos) throws IOException {
        messages = 0;
        latencies.reset();
        isEnding = false;
        long began = System.nanoTime();
        for (Connection connection : connections) {
            connection.owe(point.inFlight(), System.nanoTime());
        }
        while (System.nanoTime() - began < nanos) {
            selector.select(onReady, 10);
        }
        long took = System.nanoTime() - began;
        long counted = messages;
        isEnding = true;
        while (connections.stream().anyMatch(connection -> connection.received < connection.owed)) {
            selector.select(onReady, 10);
        }
        return LoadResult.of(counted, took, latencies);
    }

    private void ready(SelectionKey key) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isReadable()) {
                connection.read();
            }
            connection.write();
        } catch (IOException e) {
            throw new IllegalStateException(point + ": the server closed a connection, or sent what is wrong", e);
        }
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    /** One connection. Positions count bytes of its stream since the beginning. */
    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final long[] batchEnds;
        private final long[] batchTimes;
        private long owed;
        private long sent;
        private long received;
        private int oldestBatch;
        private int newestBatch;

        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            key = channel.register(selector, SelectionKey.OP_READ, this);
            // Each batch in flight has at least one message.
            batchEnds = new long[point.inFlight() + 1];
            batchTimes = new long[point.inFlight() + 1];
        }

        void owe(long frames, long now) throws IOException {
            owed += frames * pattern.frameBytes();
            newestBatch = newestBatch + 1 == batchEnds.length ? 0 : newestBatch + 1;
            batchEnds[newestBatch] = owed;
            batchTimes[newestBatch] = now;
            write();
        }

        void write() throws IOException {
            while (sent < owed) {
                int length = (int) Math.min(owed - sent, WINDOW_BYTES);
                int written = channel.write(pattern.slice(sent, length));
                sent += written;
                if (written < length) {
                    break;
                }
            }
            int interest = sent < owed ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
            if (key.interestOps() != interest) {
                key.interestOps(interest);
            }
        }

        void read() throws IOException {
            int count = channel.read(window.clear());
            if (count < 0) {
                throw new IOException("end of stream");
            }
            window.flip();
            if (!pattern.matches(received, window)) {
                throw new IOException("an echo differs from what was sent");
            }
            long framesBefore = received / pattern.frameBytes();
            received += count;
            long frames = received / pattern.frameBytes() - framesBefore;
            if (frames > 0) {
                long now = System.nanoTime();
                record(framesBefore * pattern.frameBytes(), now);
                messages += frames;
                if (!isEnding) {
                    owe(frames, now);
                }
            }
        }

        /** Records the latency of each message from a position on that is now whole, by the batch it was sent in. */
        private void record(long from, long now) {
            long position = from;
            long whole = received - received % pattern.frameBytes();
            while (position < whole) {
                int batch = oldestBatch + 1 == batchEnds.length ? 0 : oldestBatch + 1;
                long end = Math.min(batchEnds[batch], whole);
                latencies.recordValueWithCount(now - batchTimes[batch], (end - position) / pattern.frameBytes());
                position = end;
                if (end == batchEnds[batch]) {
                    oldestBatch = batch;
                }
            }
        }
    }
}
