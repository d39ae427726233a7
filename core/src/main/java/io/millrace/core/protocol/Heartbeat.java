package io.millrace.core.protocol;

/** How one side shows the other that it is alive while there is nothing to say. */
public enum Heartbeat {
    /** The protocol has no frame that says nothing. */
    NONE,
    /**
     * An empty message, which nobody answers. While heartbeats are on empty messages are not delivered, and cannot be
     * sent; only silence tells that the peer is gone.
     */
    EMPTY_MESSAGE,
    /** A ping that the peer answers at once, which also measures the round trip. */
    PING
}
