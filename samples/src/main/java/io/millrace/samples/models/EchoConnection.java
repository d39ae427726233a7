package io.millrace.samples.models;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One non-blocking connection: it reads, or, while the client has not taken what was read, writes. Never waits. */
final class EchoConnection {
    private final SocketChannel channel;

    /** What was read and is not yet written. */
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(EchoModel.BUFFER_BYTES).limit(0);

    private EchoConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /** Accepts a client that waits; null if none does any more, or if it has gone at once. */
    static @Nullable EchoConnection accept(ServerSocketChannel listener) throws IOException {
        SocketChannel accepted = listener.accept();
        if (accepted == null) {
            return null;
        }
        EchoConnection connection = new EchoConnection(accepted);
        try {
            accepted.configureBlocking(false);
            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return connection;
        } catch (IOException reset) {
            connection.close();
            return null;
        }
    }

    /** Has a selector watch it. */
    void register(Selector selector) throws IOException {
        channel.register(selector, interest(), this);
    }

    /** Does what can be done now; returns whether the connection goes on. Where it does not, it is closed. */
    boolean step() {
        try {
            if (!buffer.hasRemaining()) {
                int count = channel.read(buffer.clear()); // 0 if nothing has come
                buffer.flip();
                if (count < 0) {
                    channel.close();
                    return false;
                }
            }
            if (buffer.hasRemaining()) {
                channel.write(buffer); // as much as the system takes
            }
            return true;
        } catch (IOException reset) {
            close();
            return false;
        }
    }

    /** Returns what to wait for before the next step: something to read, or room to write. */
    int interest() {
        return buffer.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    void close() {
        try {
            channel.close();
        } catch (IOException ignored) {
            // Nobody is left to tell.
        }
    }
}
