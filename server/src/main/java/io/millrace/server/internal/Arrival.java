package io.millrace.server.internal;

import io.millrace.core.internal.Connection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;

/** A connection on its way from the acceptor to its session, with what the gate has counted for it. */
final class Arrival {
    private final AsynchronousSocketChannel channel;
    private final InetSocketAddress socketAddress;
    private final Acceptor acceptor;

    // All guarded by the gate.
    boolean hasPermit;

    @Nullable
    InetAddress countedAddress;

    Arrival(AsynchronousSocketChannel channel, InetSocketAddress socketAddress, Acceptor acceptor) {
        this.channel = channel;
        this.socketAddress = socketAddress;
        this.acceptor = acceptor;
    }

    AsynchronousSocketChannel channel() {
        return channel;
    }

    /** Returns the connection as its channel knows it, from which nothing has been read. */
    Connection connection() {
        return new Connection(channel, socketAddress, null);
    }

    /** Returns whom the system says it comes from: the client, or a proxy. */
    InetSocketAddress socketAddress() {
        return socketAddress;
    }

    Acceptor acceptor() {
        return acceptor;
    }
}
