package io.millrace.server.internal.proxy;

/** Why a connection was closed before it became a session. */
public enum ProxyRefusal {
    /** A trusted proxy sent no header, a malformed one, or one too late. */
    BAD_PROXY_HEADER,
    /** It came from an address that no proxy is trusted at, or there with a header. */
    UNTRUSTED_PROXY,
    /** It was still waiting for its header when the server stopped accepting. */
    STOPPED,
    /** There was no memory for its header. */
    NO_MEMORY
}
