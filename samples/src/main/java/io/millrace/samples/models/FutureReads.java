package io.millrace.samples.models;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * Future: a thread starts an operation, which returns at once, and later waits until it is done.
 *
 * <p>Stands for overlapped I/O with an event for each operation: {@code WSARecv}, {@code WSA_IO_PENDING},
 * {@code WSAWaitForMultipleEvents}, {@code WSAGetOverlappedResult}. No thread can wait for one of many futures of
 * channels, so each connection has a thread again.
 */
public final class FutureReads implements EchoModel {
    private final AsynchronousChannelGroup group;
    private final AsynchronousServerSocketChannel listener;
    private final int port;

    private FutureReads(AsynchronousChannelGroup group) throws IOException {
        this.group = group;
        listener = AsynchronousServerSocketChannel.open(group).bind(EchoModel.anyPort(), BACKLOG);
        port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    /** Starts the server, its group, and the thread that waits for connections. */
    public static EchoModel start() throws IOException {
        int processors = Runtime.getRuntime().availableProcessors();
        FutureReads server =
                new FutureReads(AsynchronousChannelGroup.withFixedThreadPool(processors, EchoModel::daemon));
        EchoModel.daemon(server::acceptAll).start();
        return server;
    }

    private void acceptAll() {
        try {
            while (true) {
                AsynchronousSocketChannel connection = listener.accept().get();
                EchoModel.daemon(() -> echo(connection)).start();
            }
        } catch (ExecutionException | InterruptedException closed) {
            // close() ends the wait for connections.
        }
    }

    private static void echo(AsynchronousSocketChannel connection) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try (connection) {
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Future<Integer> read = connection.read(buffer); // begun; the thread could do something else now
            while (read.get() >= 0) { // it waits for the event here
                buffer.flip();
                while (buffer.hasRemaining()) {
                    connection.write(buffer).get();
                }
                read = connection.read(buffer.clear());
            }
        } catch (IOException | ExecutionException | InterruptedException reset) {
            // The client has gone, and so does the thread.
        }
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        group.shutdownNow();
    }
}
