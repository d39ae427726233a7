package io.millrace.server.admission;

/** What becomes of clients beyond the limit on all connections, or beyond the accept rate. */
public enum AdmissionPolicy {
    /**
     * The server stops accepting, and clients wait in the kernel's backlog until there is room; when that is full,
     * their connects time out. Nobody is turned away in a short rush. The default.
     */
    STOP_ACCEPTING,
    /**
     * The server goes on accepting, and closes what is too much, with a message if it has one. Clients hear at once
     * that they should go elsewhere.
     */
    ACCEPT_AND_REFUSE
}
