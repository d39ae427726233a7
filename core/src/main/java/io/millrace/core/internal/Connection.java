package io.millrace.core.internal;

import io.millrace.core.memory.BufferPool;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A connected channel that is to become a session.
 *
 * @param channel the channel
 * @param remoteAddress the peer, as the session shows it; not the channel's own if a proxy is in between
 * @param firstBytes what has been read already and is the session's, at most {@link BufferPool#SMALLEST_BYTES};
 *     borrowed until the session is made; null if there is nothing
 */
public record Connection(
        AsynchronousSocketChannel channel, InetSocketAddress remoteAddress, @Nullable ByteBuffer firstBytes) {

    /** Checks that every session has room for the first bytes. */
    public Connection {
        if (firstBytes != null && firstBytes.remaining() > BufferPool.SMALLEST_BYTES) {
            throw new IllegalArgumentException("there are " + firstBytes.remaining() + " first bytes; there must be "
                    + BufferPool.SMALLEST_BYTES + " at most");
        }
    }

    /**
     * Returns a connection from which nothing has been read.
     *
     * @param channel the channel
     * @return the connection, with the channel's own address
     * @throws IOException if the channel is already broken
     */
    public static Connection of(AsynchronousSocketChannel channel) throws IOException {
        return new Connection(channel, (InetSocketAddress) channel.getRemoteAddress(), null);
    }
}
