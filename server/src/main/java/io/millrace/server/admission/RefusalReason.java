package io.millrace.server.admission;

/** Why a connection was accepted by the system, and closed before it became a session. */
public enum RefusalReason {
    /** As many connections as the server may have were there already. */
    TOO_MANY_CONNECTIONS,
    /** As many connections as one address may have were there already. */
    TOO_MANY_FROM_ADDRESS,
    /** More connections came at once than the accept rate allows. */
    TOO_FAST,
    /** The {@link AddressFilter} does not let the address in. */
    ADDRESS_DENIED,
    /** It came from an address that is not a trusted proxy's, and clients must come through one. */
    UNTRUSTED_PROXY,
    /** A trusted proxy sent something else than a PROXY header, or none in time. */
    BAD_PROXY_HEADER,
    /** There was no memory, or no operation context, for one more session. */
    NO_MEMORY,
    /** The connection was gone, or took no socket options, before it could be admitted. */
    BROKEN,
    /** The server was closing. */
    SHUTTING_DOWN
}
