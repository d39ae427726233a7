package io.millrace.core.protocol;

import io.millrace.core.WireProtocol;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The agreement of both sides about where messages begin and end, and which replies belong to which requests.
 *
 * <p>Threading: Thread-safe: immutable, but for counters that a wire format may demand. What it makes is confined to
 * one session each.
 *
 * <p>Lifecycle: made once, shared by any number of servers and clients.
 *
 * <p>Errors: a stream that breaks the protocol closes its session with
 * {@link io.millrace.core.CloseReason.Kind#PROTOCOL}.
 */
public interface Protocol extends WireProtocol {
    /**
     * Makes the decoder of one session.
     *
     * @param side the session's end of the connection
     * @return a decoder at the start of a stream
     */
    FrameDecoder newDecoder(Side side);

    /**
     * Makes the encoder of one session.
     *
     * @param side the session's end of the connection
     * @return an encoder at the start of a stream
     */
    FrameEncoder newEncoder(Side side);

    /**
     * Tells how replies find their requests.
     *
     * @return {@link Pairing#IN_ORDER} unless overridden
     */
    default Pairing pairing() {
        return Pairing.IN_ORDER;
    }

    /**
     * Returns the token of a session's first request, where replies have tokens. Those that follow count up from it, and
     * go on with {@link Long#MIN_VALUE} after {@link Long#MAX_VALUE}.
     *
     * @return a random number unless overridden, so that a reply meant for another connection finds no request
     */
    default long firstToken() {
        return ThreadLocalRandom.current().nextLong();
    }

    /**
     * Tells how the two sides can show each other that they are alive.
     *
     * @return {@link Heartbeat#NONE} unless overridden
     */
    default Heartbeat heartbeat() {
        return Heartbeat.NONE;
    }

    /**
     * Returns frames with a signed big-endian int32 length before the payload, at most
     * {@value PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES} bytes of it.
     *
     * @return the protocol of {@link PrefixHandler#int32()}
     */
    static Protocol lengthPrefixed() {
        return PrefixHandler.int32();
    }

    /**
     * Returns frames with a length before the payload.
     *
     * @param prefix how the length is written
     * @return the protocol
     */
    static Protocol lengthPrefixed(PrefixHandler prefix) {
        return prefix;
    }

    /**
     * Returns Millrace's own frames, with requests both ways. Pings are answered, and the peer's drain notice is
     * obeyed.
     *
     * @return the protocol of {@link MillraceProtocol#create()}
     */
    static Protocol millrace() {
        return MillraceProtocol.create();
    }

    /**
     * Returns the wire format of the SocketAsyncEventArgs programs that Millrace descends from.
     *
     * @return the protocol of {@link SeedProtocol#create()}, with counters of its own
     */
    static Protocol seed() {
        return SeedProtocol.create();
    }

    /**
     * Returns lines that end with LF or CRLF.
     *
     * @return the protocol of {@link Delimiters#lines()}
     */
    static Protocol lines() {
        return Delimiters.lines();
    }

    /**
     * Returns frames that end with certain bytes.
     *
     * @param delimiter 1 to {@link Delimiters#LONGEST_DELIMITER} bytes
     * @return the protocol of {@link Delimiters#of}
     * @throws IllegalArgumentException if the delimiter is empty or longer
     */
    static Protocol delimited(byte... delimiter) {
        return Delimiters.of(delimiter);
    }

    /**
     * Returns frames that all have one length.
     *
     * @param bytes the length of every message, from 1 to {@link PrefixHandler#LARGEST_PAYLOAD_BYTES}
     * @return the protocol
     * @throws IllegalArgumentException if that is out of range
     */
    static Protocol fixed(int bytes) {
        return new FixedProtocol(bytes);
    }

    /**
     * Returns the bare stream: every chunk that arrives is a message, wherever the network cut it.
     *
     * @return the protocol without frames
     */
    static Protocol raw() {
        return RawProtocol.INSTANCE;
    }
}
