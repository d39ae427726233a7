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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Many connections that all hear what the newest of them says. It was accepted last, so the server knows all others by
 * then. When everybody has heard it, it says the next. One thread, one selector; every byte is compared with what was
 * said.
 */
final class Audience implements AutoCloseable {
    private static final long LARGEST_LATENCY_NANOS = 60_000_000_000L;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** After so many more connections everybody is told something, so that the server keeps up with accepting. */
    private static final int STEP = 500;

    private final ByteBuffer frame;
    private final ByteBuffer window;
    private final Selector selector = Selector.open();
    private final List<Listener> listeners = new ArrayList<>();
    private final Histogram latencies = new Histogram(LARGEST_LATENCY_NANOS, 3);
    private final Consumer<SelectionKey> onReady = this::ready;

    // Confined to the thread that runs the loop.
    private int hearing;

    Audience(int port, int connections, int payloadBytes) throws IOException {
        frame = Frame.of(payloadBytes);
        window = ByteBuffer.allocateDirect(frame.capacity());
        InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.configureBlocking(false);
            Listener listener = new Listener(channel);
            channel.register(selector, SelectionKey.OP_READ, listener);
            listeners.add(listener);
            if (listeners.size() % STEP == 0) {
                say();
            }
        }
    }

    /**
     * Says one message after the other for so long, at least one. Messages of the result are those delivered to anyone;
     * latencies are those of the last to hear.
     */
    LoadResult run(long nanos) throws IOException {
        latencies.reset();
        long began = System.nanoTime();
        long now = began;
        long said = 0;
        while (said == 0 || now - began < nanos) {
            say();
            said++;
            long heard = System.nanoTime();
            latencies.recordValue(heard - now);
            now = heard;
        }
        return LoadResult.of(said * listeners.size(), now - began, latencies);
    }

    /** Has the newest say something, and waits until all have heard it. */
    private void say() throws IOException {
        hearing = listeners.size();
        listeners.forEach(listener -> listener.received = 0);
        if (listeners.get(listeners.size() - 1).channel.write(frame.rewind()) < frame.limit()) {
            throw new IOException("a message of " + frame.limit() + " bytes does not fit; say less");
        }
        long began = System.nanoTime();
        while (hearing > 0) {
            selector.select(onReady, 100);
            if (System.nanoTime() - began > PATIENCE_NANOS) {
                throw new IOException(hearing + " of " + listeners.size() + " connections did not hear the message");
            }
        }
    }

    private void ready(SelectionKey key) {
        Listener listener = (Listener) key.attachment();
        try {
            listener.receive();
        } catch (IOException e) {
            throw new IllegalStateException("the server closed a connection, or sent what is wrong", e);
        }
    }

    @Override
    public void close() throws IOException {
        for (Listener listener : listeners) {
            listener.channel.close();
        }
        selector.close();
    }

    /** One connection. */
    private final class Listener {
        private final SocketChannel channel;

        // Confined to the thread that runs the loop.
        private int received;

        Listener(SocketChannel channel) {
            this.channel = channel;
        }

        void receive() throws IOException {
            int count = channel.read(window.clear());
            if (count < 0) {
                throw new EOFException("end of stream");
            }
            frame.limit(Math.min(frame.capacity(), received + count)).position(Math.min(received, frame.limit()));
            boolean isRight = window.flip().equals(frame);
            frame.clear();
            if (!isRight) {
                throw new IOException("what was heard differs from what was said, or was said twice");
            }
            received += count;
            if (received == frame.capacity()) {
                hearing--;
            }
        }
    }
}
