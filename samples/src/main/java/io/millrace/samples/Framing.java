package io.millrace.samples;

import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import java.util.Locale;

/** How messages are framed, as named on the command line. */
enum Framing {
    /** A signed big-endian length of 4 bytes before each message. */
    INT32,
    /** A signed little-endian length of 4 bytes before each message. */
    INT32LE,
    /** An unsigned big-endian length of 2 bytes before each message. */
    INT16,
    /** Lines that end with LF or CRLF. */
    LINE,
    /** Millrace's own frames, which tell messages, requests and replies apart. */
    MILLRACE,
    /** No frames: a message is whatever one read brought. */
    RAW;

    Protocol protocol() {
        return switch (this) {
            case INT32 -> Protocol.lengthPrefixed();
            case INT32LE -> Protocol.lengthPrefixed(PrefixHandler.int32().littleEndian());
            case INT16 -> Protocol.lengthPrefixed(PrefixHandler.int16());
            case LINE -> Protocol.lines();
            case MILLRACE -> Protocol.millrace();
            case RAW -> Protocol.raw();
        };
    }

    /** Returns whether one message sent is one message that arrives, rather than any piece of the stream. */
    boolean hasFrames() {
        return this != RAW;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
