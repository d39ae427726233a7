package io.millrace.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A listener whose backlog is full, so that the kernel drops every further connect without a word. */
final class FullBacklog implements AutoCloseable {
    private static final int PROBE_MILLIS = 200;
    private static final int ENOUGH = 16;

    private final ServerSocket listener;
    private final List<Socket> fillers = new ArrayList<>();

    private FullBacklog(ServerSocket listener) {
        this.listener = listener;
    }

    static FullBacklog create() throws IOException {
        FullBacklog full = new FullBacklog(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));
        for (int i = 0; i < ENOUGH; i++) {
            Socket filler = new Socket();
            full.fillers.add(filler);
            try {
                filler.connect(full.listener.getLocalSocketAddress(), PROBE_MILLIS);
            } catch (SocketTimeoutException isFull) {
                return full;
            }
        }
        throw new AssertionError("the backlog takes more than " + ENOUGH);
    }

    /** Takes and drops whatever comes for a while, so that the kernel answers it. */
    void makeRoom(Duration time) throws IOException {
        long endNanos = System.nanoTime() + time.toNanos();
        long leftMillis = time.toMillis();
        while (leftMillis > 0) {
            listener.setSoTimeout((int) leftMillis);
            try {
                listener.accept().close();
            } catch (SocketTimeoutException over) {
                return;
            }
            leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        for (Socket filler : fillers) {
            filler.close();
        }
        listener.close();
    }
}
