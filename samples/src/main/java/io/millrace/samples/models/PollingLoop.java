package io.millrace.samples.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Polling: one thread asks every connection in turn whether something has come, without ever waiting.
 *
 * <p>Stands for non-blocking sockets ({@code FIONBIO}, {@code O_NONBLOCK}) and {@code WSAEWOULDBLOCK}.
 */
public final class PollingLoop implements EchoModel {
    private final ServerSocketChannel listener;
    private final int port;

    // Confined to the server's thread.
    private final List<EchoConnection> connections = new ArrayList<>();

    private PollingLoop(ServerSocketChannel listener) throws IOException {
        this.listener = listener;
        port = listener.socket().getLocalPort();
        listener.configureBlocking(false);
    }

    /** Starts the server and its one thread. */
    public static EchoModel start() throws IOException {
        PollingLoop server = new PollingLoop(ServerSocketChannel.open().bind(EchoModel.anyPort(), BACKLOG));
        EchoModel.daemon(server::run).start();
        return server;
    }

    private void run() {
        try {
            while (true) {
                EchoConnection accepted = EchoConnection.accept(listener); // null if nobody waits
                if (accepted != null) {
                    connections.add(accepted);
                }
                // Asks all of them, and most have nothing to say: each answer costs a system call.
                connections.removeIf(connection -> !connection.step());
            }
        } catch (ClosedChannelException closed) {
            connections.forEach(EchoConnection::close);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
