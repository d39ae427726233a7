package io.millrace.benchmarks.contestant;

import java.util.List;

/** A program that is measured, in one {@link Role}. */
public interface Contestant {
    /** Returns what it is called on the command line and in tables, such as {@code netty-epoll}. */
    String name();

    /** Returns why it cannot run on this machine, or an empty text if it can. */
    default String unavailable() {
        return "";
    }

    /** Returns what its JVM is started with beside the options of all. */
    default List<String> jvmOptions() {
        return List.of();
    }

    /**
     * Starts it with one I/O thread, listening on an ephemeral port of the loopback address.
     *
     * @param options what it serves
     * @return the port
     * @throws Exception if it cannot be started
     */
    int start(ServeOptions options) throws Exception;
}
