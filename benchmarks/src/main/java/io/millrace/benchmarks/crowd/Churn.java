package io.millrace.benchmarks.crowd;

import io.millrace.benchmarks.load.LoadResult;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Connects, sends one message, takes its echo, closes, and begins anew, on so many connections at once. One thread, one
 * selector.
 */
final class Churn implements AutoCloseable {
    private static final long LARGEST_LATENCY_NANOS = 60_000_000_000L;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final InetSocketAddress server;
    private final int parallel;
    private final Ending ending;
    private final ByteBuffer frame;
    private final ByteBuffer window;
    private final Selector selector = Selector.open();
    private final Histogram latencies = new Histogram(LARGEST_LATENCY_NANOS, 3);
    private final Consumer<SelectionKey> onReady = this::ready;

    // Confined to the thread that runs the loop.
    private long toOpen;
    private long open;

    Churn(int port, int parallel, Ending ending, int payloadBytes) throws IOException {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.parallel = parallel;
        this.ending = ending;
        frame = Frame.of(payloadBytes);
        window = ByteBuffer.allocateDirect(frame.capacity());
    }

    /**
     * Makes so many connections. The last one is made when all others have ended, so that the server has most likely
     * seen their ends when it answers that one.
     */
    LoadResult run(long count) throws IOException {
        latencies.reset();
        long began = System.nanoTime();
        open(count - 1, parallel, began);
        open(1, 1, began);
        return LoadResult.of(count, System.nanoTime() - began, latencies);
    }

    private void open(long count, int atOnce, long began) throws IOException {
        toOpen = count;
        while (toOpen > 0 || open > 0) {
            while (toOpen > 0 && open < atOnce) {
                toOpen--;
                open++;
                new Visit();
            }
            selector.select(onReady, 100);
            if (System.nanoTime() - began > PATIENCE_NANOS) {
                throw new IOException(open + " connections are not answered, " + toOpen + " are not opened yet");
            }
        }
    }

    private void ready(SelectionKey key) {
        Visit visit = (Visit) key.attachment();
        try {
            visit.ready(key);
        } catch (IOException e) {
            throw new IllegalStateException("the server closed a connection, or sent what is wrong", e);
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    /** One connection, from connect to close. */
    private final class Visit {
        private final SocketChannel channel = SocketChannel.open();
        private final long began = System.nanoTime();

        // Confined to the thread that runs the loop.
        private int received;

        Visit() throws IOException {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (ending == Ending.RESET) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            if (channel.connect(server)) {
                channel.register(selector, SelectionKey.OP_READ, this);
                send();
            } else {
                channel.register(selector, SelectionKey.OP_CONNECT, this);
            }
        }

        void ready(SelectionKey key) throws IOException {
            if (key.isConnectable() && channel.finishConnect()) {
                key.interestOps(SelectionKey.OP_READ);
                send();
            } else if (key.isReadable()) {
                receive();
            }
        }

        private void send() throws IOException {
            if (channel.write(frame.rewind()) < frame.limit()) {
                throw new IOException("a first message of " + frame.limit() + " bytes does not fit; send less");
            }
        }

        private void receive() throws IOException {
            int count = channel.read(window.clear().limit(frame.limit() - received));
            if (count < 0) {
                throw new EOFException("end of stream instead of an echo");
            }
            if (!window.flip().equals(frame.rewind().slice(received, count))) {
                throw new IOException("an echo differs from what was sent");
            }
            received += count;
            if (received == frame.limit()) {
                channel.close();
                latencies.recordValue(System.nanoTime() - began);
                open--;
            }
        }
    }
}
