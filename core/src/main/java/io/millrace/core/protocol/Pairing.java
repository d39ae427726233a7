package io.millrace.core.protocol;

/** How replies find their requests. */
public enum Pairing {
    /** They cannot: the protocol has no frames. */
    NONE,
    /** The n-th reply answers the n-th request of the connection; any number may be on their way. */
    IN_ORDER,
    /** As in order, but the next request is sent only when the reply to the one before has come. */
    ONE_AT_A_TIME,
    /** Request and reply carry the same token, so that replies may come in any order, and both sides may ask. */
    BY_TOKEN
}
