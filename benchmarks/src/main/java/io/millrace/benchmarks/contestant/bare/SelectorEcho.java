package io.millrace.benchmarks.contestant.bare;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The least that a framed echo over a selector can be, the counterpart of {@link Nio2Echo}: one wait for all
 * connections, then one read and one write for each.
 */
public final class SelectorEcho implements Contestant {
    private static final int BACKLOG = 1024;

    @Override
    public String name() {
        return "selector-bare";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        listener.configureBlocking(false);
        Loop loop = new Loop(Selector.open(), listener, Frames.bufferBytes(options));
        Thread thread = new Thread(loop, "selector");
        thread.setDaemon(true);
        thread.start();
        return listener.socket().getLocalPort();
    }

    /** The one thread. */
    private record Loop(Selector selector, ServerSocketChannel listener, int bufferBytes) implements Runnable {
        @Override
        public void run() {
            try {
                listener.register(selector, SelectionKey.OP_ACCEPT);
                while (selector.isOpen()) {
                    selector.select(this::ready);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void ready(SelectionKey key) {
            try {
                if (key.attachment() instanceof Connection connection) {
                    connection.ready(key);
                } else {
                    accept();
                }
            } catch (IOException e) {
                close(key);
            }
        }

        @SuppressWarnings("resource") // closed when its peer closes it
        private void accept() throws IOException {
            SocketChannel accepted = listener.accept();
            if (accepted != null) {
                accepted.configureBlocking(false);
                accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                accepted.register(selector, SelectionKey.OP_READ, new Connection(accepted, bufferBytes));
            }
        }

        private static void close(SelectionKey key) {
            try {
                key.channel().close();
            } catch (IOException e) {
                System.err.println("close failed: " + e);
            }
        }
    }

    /** One connection: it waits to read, or, when the peer does not take what is written, to write. */
    private static final class Connection {
        private final SocketChannel channel;
        private final ByteBuffer in;
        private final ByteBuffer out;

        Connection(SocketChannel channel, int bufferBytes) {
            this.channel = channel;
            in = ByteBuffer.allocateDirect(bufferBytes);
            out = ByteBuffer.allocateDirect(bufferBytes).limit(0);
        }

        void ready(SelectionKey key) throws IOException {
            if (!out.hasRemaining()) {
                if (channel.read(in) < 0) {
                    channel.close();
                    return;
                }
                Frames.moveWhole(in, out);
            }
            if (out.hasRemaining()) {
                channel.write(out);
            }
            int interest = out.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
            if (key.interestOps() != interest) {
                key.interestOps(interest);
            }
        }
    }
}
