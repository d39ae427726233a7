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
    /**
     * An empty message from the client to the server, which nobody answers. To the server it is a heartbeat always,
     * whether heartbeats are on or off, so a client cannot send it as a request. The server sends none: it would be
     * taken for a reply. So only the server can tell by silence that its peer is gone.
     */
    EMPTY_REQUEST,
    /** A ping that the peer answers at once, which also measures the round trip. */
    PING
}
