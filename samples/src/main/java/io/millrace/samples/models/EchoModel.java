package io.millrace.samples.models;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A running server on the loopback address that sends every byte back. */
public interface EchoModel extends AutoCloseable {
    /** How many connections may wait to be accepted: as many as Millrace lets wait. */
    int BACKLOG = 1024;

    /** How much one connection reads at once. */
    int BUFFER_BYTES = 4096;

    /** Returns where it listens. */
    int port();

    /** Stops accepting. Connections that are still open end at once, or as soon as their clients close them. */
    @Override
    void close() throws IOException;

    /** Returns an address whose port the system chooses. */
    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Makes a thread that does not keep the program alive. */
    static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "rung");
        thread.setDaemon(true);
        return thread;
    }
}
