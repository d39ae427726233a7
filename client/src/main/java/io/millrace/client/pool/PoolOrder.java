package io.millrace.client.pool;

/** Which of several idle connections to an endpoint is used first. */
public enum PoolOrder {
    /** The one used last: few connections are kept busy, and the others become idle and are closed. */
    LIFO,
    /** The one idle for longest: all connections are used in turn, which keeps them alive through middleboxes. */
    FIFO
}
