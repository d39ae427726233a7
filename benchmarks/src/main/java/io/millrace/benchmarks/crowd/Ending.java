package io.millrace.benchmarks.crowd;

/** How a client closes a connection. */
public enum Ending {
    /** In good order: the server reads the end of the stream. */
    FIN,

    /** With SO_LINGER 0: the server's read fails, and the port is free at once. */
    RESET
}
