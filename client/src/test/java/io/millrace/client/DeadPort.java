package io.millrace.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port on which nobody listens, kept from others: a socket that is bound and does not listen refuses every connect,
 * and a server may take the port over later.
 */
final class DeadPort implements AutoCloseable {
    private final Socket holder = new Socket();
    private final int port;

    DeadPort() throws IOException {
        this(0);
    }

    /** Keeps a port on which somebody has just stopped listening from others. */
    DeadPort(int wanted) throws IOException {
        holder.setReuseAddress(true);
        holder.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), wanted));
        port = holder.getLocalPort();
    }

    int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        holder.close();
    }
}
