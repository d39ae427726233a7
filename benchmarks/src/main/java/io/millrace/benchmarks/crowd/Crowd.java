package io.millrace.benchmarks.crowd;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Many connections, each of which has had one echo. They are closed by reset, so that no port stays taken after them.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
final class Crowd implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 10_000;

    private final InetSocketAddress server;
    private final byte[] frame;
    private final byte[] echo;
    private final List<Socket> connections = new ArrayList<>();

    Crowd(int port, int payloadBytes) {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        echo = new byte[Integer.BYTES + payloadBytes];
        frame = new byte[echo.length];
        Frame.of(payloadBytes).get(frame);
    }

    /** Opens so many more, one after the other, and has each one's message echoed. */
    int open(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket = new Socket();
            connections.add(socket);
            try {
                socket.connect(server, PATIENCE_MILLIS);
                socket.setSoTimeout(PATIENCE_MILLIS);
                socket.setSoLinger(true, 0);
                socket.setTcpNoDelay(true);
                converse(socket);
            } catch (IOException e) {
                throw new IOException("connection " + connections.size() + ": " + e, e);
            }
        }
        return connections.size();
    }

    private void converse(Socket socket) throws IOException {
        socket.getOutputStream().write(frame);
        new DataInputStream(socket.getInputStream()).readFully(echo);
        if (!Arrays.equals(frame, echo)) {
            throw new IOException("an echo differs from what was sent");
        }
    }

    /** Closes all; more can be opened. */
    void clear() throws IOException {
        for (Socket socket : connections) {
            socket.close();
        }
        connections.clear();
    }

    @Override
    public void close() throws IOException {
        clear();
    }
}
