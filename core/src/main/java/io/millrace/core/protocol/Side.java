package io.millrace.core.protocol;

/** Which end of a connection a session is, for protocols whose frames differ by direction. */
public enum Side {
    /** The end that accepted the connection. */
    SERVER,
    /** The end that made the connection. */
    CLIENT
}
