package io.millrace.core;

/** The numbers of errors that requests are answered with. */
public final class ErrorCode {
    /** Too many requests are in progress; this one was not begun. */
    public static final int BUSY = 1;

    /** The peer is about to close; this one was not begun. */
    public static final int DRAINING = 2;

    /** The handler threw. */
    public static final int HANDLER = 3;

    /** The request is beyond the limit. */
    public static final int TOO_LARGE = 4;

    /** The peer takes no requests. */
    public static final int NO_HANDLER = 5;

    /** Pings came too often. */
    public static final int TOO_MANY_PINGS = 6;

    /** The version of the protocol is not spoken here. */
    public static final int UNSUPPORTED_VERSION = 7;

    /** What was sent is no frame of the protocol. */
    public static final int PROTOCOL = 8;

    /** From here on the numbers are the application's. */
    public static final int FIRST_OF_APPLICATION = 1000;

    /** The last number that fits the wire. */
    public static final int LAST = Short.MAX_VALUE;

    private static final String[] NAMES = {
        "BUSY", "DRAINING", "HANDLER", "TOO_LARGE", "NO_HANDLER", "TOO_MANY_PINGS", "UNSUPPORTED_VERSION", "PROTOCOL"
    };

    private ErrorCode() {}

    /**
     * Returns the name of a number, for people.
     *
     * @param code any number
     * @return its name and number, or just the number
     */
    public static String nameOf(int code) {
        return code >= 1 && code <= NAMES.length ? NAMES[code - 1] + " (" + code + ")" : String.valueOf(code);
    }
}
