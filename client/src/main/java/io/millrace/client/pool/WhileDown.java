package io.millrace.client.pool;

/** What becomes of requests while nothing can be connected: every endpoint failed, and none is to be tried yet. */
public enum WhileDown {
    /** They fail at once, with the last failure: a caller that has an alternative is not kept waiting. */
    FAIL,
    /** They wait within their deadline for a connection, as many as {@code PoolConfig.maxWaiting} allows. */
    WAIT
}
