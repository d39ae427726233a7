package io.millrace.samples.ladder;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Connections that each send a message of 64 bytes, wait for its echo, compare it, and send the next. One thread over a
 * selector drives all of them, the same for every rung.
 */
final class Load implements AutoCloseable {
    private static final int MESSAGE_BYTES = 64;
    private static final int PATIENCE_SECONDS = 30;

    /** A server of a thousand threads may leave some of them without a processor for longer. */
    private static final int FIRST_ECHOES_SECONDS = 5;

    private final Selector selector = Selector.open();
    private final CountDownLatch firstEchoes;
    private final LongAdder messages = new LongAdder();
    private final Thread thread = new Thread(this::run, "load");
    private volatile boolean isClosing;
    private volatile @Nullable IOException failure;

    /** Connects; the first messages go out with {@link #start}. */
    Load(int port, int connections) throws IOException {
        firstEchoes = new CountDownLatch(connections);
        thread.setDaemon(true);
        InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new Connection(channel, i));
        }
    }

    /** Starts to send, and waits a little until every connection has had an echo, or one has failed. */
    void start() throws IOException, InterruptedException {
        thread.start();
        var unused = firstEchoes.await(FIRST_ECHOES_SECONDS, TimeUnit.SECONDS);
        messages();
    }

    /** Returns how many connections have had no echo so far. */
    long silent() {
        return firstEchoes.getCount();
    }

    /** Returns how many messages have come back so far. */
    long messages() throws IOException {
        IOException thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
        return messages.sum();
    }

    private void run() {
        try (selector) {
            try {
                exchange();
            } finally {
                // Also when the server has ended first: the next load needs the file descriptors.
                for (SelectionKey key : selector.keys()) {
                    key.channel().close();
                }
            }
        } catch (IOException e) {
            failure = e;
        }
        // Nobody is to wait for what will not come.
        for (long waiting = firstEchoes.getCount(); waiting > 0; waiting--) {
            firstEchoes.countDown();
        }
    }

    private void exchange() throws IOException {
        for (SelectionKey key : selector.keys()) {
            ((Connection) key.attachment()).send();
        }
        while (!isClosing) {
            if (selector.select(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS)) == 0 && !isClosing) {
                throw new IOException("no echo has come for 30 s");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                ((Connection) key.attachment()).receive();
            }
            selector.selectedKeys().clear();
        }
    }

    @Override
    public void close() {
        isClosing = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One connection, with one message on its way. */
    private final class Connection {
        private final SocketChannel channel;
        private final ByteBuffer out = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        private final ByteBuffer in = ByteBuffer.allocateDirect(MESSAGE_BYTES);

        // Confined to the load's thread.
        private long number;

        Connection(SocketChannel channel, int id) {
            this.channel = channel;
            for (int i = 0; i < MESSAGE_BYTES; i++) {
                out.put(i, (byte) (id + i));
            }
        }

        /** Sends the next message; there is room for it, for the one before has come back. */
        void send() throws IOException {
            out.clear().putLong(0, ++number);
            while (out.hasRemaining()) {
                channel.write(out);
            }
        }

        void receive() throws IOException {
            if (channel.read(in) < 0) {
                throw new EOFException("the server has closed a connection");
            }
            if (in.hasRemaining()) {
                return;
            }
            if (!in.flip().equals(out.flip())) {
                throw new IOException("what came back is not what was sent");
            }
            in.clear();
            messages.increment();
            if (number == 1) {
                firstEchoes.countDown();
            }
            send();
        }
    }
}
