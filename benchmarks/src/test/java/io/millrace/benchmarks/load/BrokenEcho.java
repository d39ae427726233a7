package io.millrace.benchmarks.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An echo of bytes with a thread for each connection, and with one fault. */
final class BrokenEcho implements AutoCloseable {
    private final Fault fault;
    private final ServerSocket listener;
    private final Set<Socket> accepted = ConcurrentHashMap.newKeySet();
    final AtomicInteger bytes = new AtomicInteger();

    /** What it does to the bytes it has read. */
    enum Fault {
        NONE,
        NEVER_ACCEPTS,
        WRONG_BYTE,
        LOST_BYTE,
        TOO_MANY_BYTES,
        CLOSES,
        HOLDS_BACK,
        FALLS_SILENT
    }

    /** How many bytes are echoed before the fault. */
    static final int FAULTLESS_BYTES = 1_000;

    /** How many bytes must come before the echo goes on, if that is the fault. */
    static final int HELD_BYTES = 50 * 68;

    BrokenEcho(Fault fault) throws IOException {
        this.fault = fault;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        if (fault != Fault.NEVER_ACCEPTS) {
            begin(this::accept);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() throws IOException {
        while (!listener.isClosed()) {
            Socket socket = listener.accept();
            accepted.add(socket);
            begin(() -> echo(socket));
        }
    }

    private void echo(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        byte[] buffer = new byte[4_096];
        for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
            int before = bytes.getAndAdd(count);
            boolean isDue = before <= FAULTLESS_BYTES && FAULTLESS_BYTES < before + count;
            Fault now = isDue ? fault : Fault.NONE;
            int at = isDue ? FAULTLESS_BYTES - before : 0;
            switch (now) {
                case WRONG_BYTE -> {
                    buffer[at]++;
                    out.write(buffer, 0, count);
                }
                case LOST_BYTE -> out.write(buffer, 0, count - 1);
                case TOO_MANY_BYTES -> {
                    out.write(buffer, 0, count);
                    out.write(buffer, 0, count);
                }
                case CLOSES -> socket.close();
                case HOLDS_BACK -> {
                    byte[] more = in.readNBytes(HELD_BYTES);
                    out.write(buffer, 0, count);
                    out.write(more);
                }
                case FALLS_SILENT -> count = 0;
                default -> out.write(buffer, 0, count);
            }
        }
    }

    /** Runs until the sockets are closed. */
    private static void begin(Service service) {
        Thread thread = new Thread(() -> {
            try {
                service.serve();
            } catch (IOException closed) {
                // by the load, or by close()
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private interface Service {
        void serve() throws IOException;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : accepted) {
            socket.close();
        }
    }
}
