package io.millrace.client.request;

/** How a request came by its connection. */
public enum ConnectionUse {
    /** It was there, and free. */
    REUSED,

    /** It was there, and was free after a wait. */
    REUSED_AFTER_WAITING,

    /** It was opened for this request. */
    OPENED
}
