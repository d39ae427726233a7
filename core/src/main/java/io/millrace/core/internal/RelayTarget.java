package io.millrace.core.internal;

/** A session that others can wait for until it takes more. */
public interface RelayTarget {
    /**
     * Returns the session behind this one.
     *
     * @return the connection's own session
     * @throws IllegalStateException if the caller may not use it any more
     */
    TcpSession connection();
}
