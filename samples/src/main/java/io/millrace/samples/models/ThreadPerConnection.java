package io.millrace.samples.models;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.function.Consumer;

/**
 * Blocking: each connection has a thread, which waits in {@code read} until something has come.
 *
 * <p>Stands for {@code accept}, {@code recv} and {@code send} on blocking sockets, the first model of Windows and Unix.
 */
public final class ThreadPerConnection implements EchoModel {
    private final ServerSocket listener;
    private final Consumer<Runnable> threads;

    private ThreadPerConnection(ServerSocket listener, Consumer<Runnable> threads) {
        this.listener = listener;
        this.threads = threads;
    }

    /** Starts a server whose threads are the operating system's. */
    public static EchoModel start() throws IOException {
        return start(task -> EchoModel.daemon(task).start());
    }

    /** Starts a server that has its threads from elsewhere. */
    static EchoModel start(Consumer<Runnable> threads) throws IOException {
        ServerSocket listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        ThreadPerConnection server = new ThreadPerConnection(listener, threads);
        threads.accept(server::acceptAll);
        return server;
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket connection = listener.accept();
                threads.accept(() -> echo(connection));
            }
        } catch (IOException closed) {
            // close() ends the wait for connections.
        }
    }

    private static void echo(Socket connection) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = connection.getInputStream();
            OutputStream out = connection.getOutputStream();
            // The thread waits here, most of its life.
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
            }
        } catch (IOException reset) {
            // The client has gone, and so does the thread.
        }
    }

    @Override
    public int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
