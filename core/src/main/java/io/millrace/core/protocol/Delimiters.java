package io.millrace.core.protocol;

import io.millrace.core.FrameTooLongException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.StringJoiner;

/**
 * Frames that end with a delimiter: lines, or any bytes that a message never contains.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: a frame that does not end within the limit is refused as soon as that is certain. A message that contains
 * the delimiter, or would form one together with it, is refused by the sender: nobody can smuggle a second message in.
 */
public final class Delimiters implements Protocol, FrameEncoder {
    /** The default limit on a message, in bytes: 64 KiB, far beyond any line that a person reads. */
    public static final int DEFAULT_MAX_PAYLOAD_BYTES = 64 << 10;

    /** The longest delimiter, in bytes. */
    public static final int LONGEST_DELIMITER = 64;

    private static final byte CR = '\r';
    private static final byte DELETE = 0x7F;

    private final byte[] received;
    private final byte[] sent;
    private final boolean dropsCarriageReturn;
    private final int maxPayloadBytes;
    /** For each matched length, how much of the delimiter still matches when the next byte does not. */
    private final int[] fallback;

    private Delimiters(byte[] received, byte[] sent, boolean dropsCarriageReturn, int maxPayloadBytes) {
        this.received = received;
        this.sent = sent;
        this.dropsCarriageReturn = dropsCarriageReturn;
        this.maxPayloadBytes = maxPayloadBytes;
        this.fallback = fallbackOf(received);
    }

    /**
     * Returns lines: received until LF or CRLF, sent with LF. A message is the bytes of a line without its end;
     * characters are never cut, whatever the charset, as long as LF is no part of one.
     *
     * @return lines of at most {@link #DEFAULT_MAX_PAYLOAD_BYTES}
     */
    public static Delimiters lines() {
        byte[] lf = {'\n'};
        return new Delimiters(lf, lf, true, DEFAULT_MAX_PAYLOAD_BYTES);
    }

    /**
     * Returns lines that are sent with CRLF, as most line protocols of the Internet want it, and received as
     * {@link #lines()} are.
     *
     * @return lines of at most {@link #DEFAULT_MAX_PAYLOAD_BYTES}
     */
    public static Delimiters crlfLines() {
        return new Delimiters(new byte[] {'\n'}, new byte[] {CR, '\n'}, true, DEFAULT_MAX_PAYLOAD_BYTES);
    }

    /**
     * Returns frames that end with certain bytes.
     *
     * @param delimiter 1 to {@link #LONGEST_DELIMITER} bytes; copied
     * @return frames of at most {@link #DEFAULT_MAX_PAYLOAD_BYTES} before the delimiter
     * @throws IllegalArgumentException if the delimiter is empty or longer
     */
    public static Delimiters of(byte... delimiter) {
        if (delimiter.length < 1 || delimiter.length > LONGEST_DELIMITER) {
            throw new IllegalArgumentException(
                    "delimiter has " + delimiter.length + " bytes; it must have from 1 to " + LONGEST_DELIMITER);
        }
        byte[] copy = delimiter.clone();
        return new Delimiters(copy, copy, false, DEFAULT_MAX_PAYLOAD_BYTES);
    }

    /**
     * Returns these frames with another limit.
     *
     * @param bytes the longest message in bytes, from 1 to {@link PrefixHandler#LARGEST_PAYLOAD_BYTES};
     *     {@link #DEFAULT_MAX_PAYLOAD_BYTES} by default
     * @return the frames
     * @throws IllegalArgumentException if that is out of range
     */
    public Delimiters maxPayloadBytes(int bytes) {
        if (bytes < 1 || bytes > PrefixHandler.LARGEST_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "maxPayloadBytes is " + bytes + "; it must be from 1 to " + PrefixHandler.LARGEST_PAYLOAD_BYTES);
        }
        return new Delimiters(received, sent, dropsCarriageReturn, bytes);
    }

    /**
     * Returns the longest message, sent or received.
     *
     * @return the limit in bytes
     */
    public int maxPayloadBytes() {
        return maxPayloadBytes;
    }

    private static int[] fallbackOf(byte[] delimiter) {
        int[] fallback = new int[delimiter.length + 1];
        int matched = 0;
        for (int i = 1; i < delimiter.length; i++) {
            while (matched > 0 && delimiter[i] != delimiter[matched]) {
                matched = fallback[matched];
            }
            if (delimiter[i] == delimiter[matched]) {
                matched++;
            }
            fallback[i + 1] = matched;
        }
        return fallback;
    }

    /** Returns how much of the delimiter matches after one more byte. */
    private int advance(int matched, byte next) {
        int now = matched;
        while (now > 0 && next != received[now]) {
            now = fallback[now];
        }
        return next == received[now] ? now + 1 : now;
    }

    @Override
    public FrameDecoder newDecoder(Side side) {
        return new Decoder();
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return this;
    }

    @Override
    public void check(ByteBuffer payload) {
        int length = payload.remaining();
        if (length > maxPayloadBytes) {
            throw new IllegalArgumentException("message of " + length + " bytes is longer than the limit of "
                    + maxPayloadBytes + " bytes: raise maxPayloadBytes on both sides");
        }
        int matched = 0;
        for (int i = payload.position(); i < payload.limit(); i++) {
            matched = advance(matched, payload.get(i));
            if (matched == received.length) {
                throw new IllegalArgumentException("message contains the delimiter " + shown(received) + " at byte "
                        + (i - payload.position() + 1 - received.length));
            }
        }
        for (int i = 0; i < received.length - 1 && !dropsCarriageReturn; i++) {
            matched = advance(matched, received[i]);
            if (matched == received.length) {
                throw new IllegalArgumentException(
                        "message forms the delimiter " + shown(received) + " with the real one");
            }
        }
        if (dropsCarriageReturn && length > 0 && payload.get(payload.limit() - 1) == CR) {
            throw new IllegalArgumentException("message ends with CR, which the receiver takes for the line's end");
        }
    }

    /** Shows a delimiter so that none of its bytes acts on the terminal or log that it ends up in. */
    private static String shown(byte[] delimiter) {
        StringJoiner text = new StringJoiner(isPrintable(delimiter) ? "" : " ");
        for (byte each : delimiter) {
            text.add(shown(each));
        }
        return text.toString();
    }

    private static boolean isPrintable(byte[] delimiter) {
        for (byte each : delimiter) {
            if (each <= ' ' || each == DELETE) {
                return false;
            }
        }
        return true;
    }

    private static String shown(byte one) {
        return switch (one) {
            case CR -> "\\r";
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            case 0 -> "\\0";
            default ->
                one > ' ' && one != DELETE
                        ? Character.toString(one)
                        : "0x" + HexFormat.of().withUpperCase().toHexDigits(one);
        };
    }

    @Override
    public int headerLength(FrameKind kind, int payloadLength) {
        return 0;
    }

    @Override
    public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
        // There is none.
    }

    @Override
    public int trailerLength() {
        return sent.length;
    }

    @Override
    public void putTrailer(ByteBuffer out) {
        out.put(sent);
    }

    @Override
    public String toString() {
        String name = dropsCarriageReturn ? "lines" : "delimited";
        return name + "(" + shown(sent) + ", maxPayloadBytes=" + maxPayloadBytes + ")";
    }

    /** Looks at each byte once, however they drip in. */
    private final class Decoder implements FrameDecoder {
        // Confined to the session.
        private int scanned;
        private int matched;
        private int payloadLength;

        @Override
        public int frameLength(ByteBuffer in) throws FrameTooLongException {
            int start = in.position();
            int end = in.limit();
            for (int i = start + scanned; i < end; i++) {
                byte next = in.get(i);
                matched = advance(matched, next);
                if (matched == received.length) {
                    return found(in, start, i + 1 - start);
                }
            }
            scanned = end - start;
            requireWithinLimit("unfinished message of", scanned - matched - (dropsCarriageReturn ? 1 : 0));
            return UNKNOWN;
        }

        private int found(ByteBuffer in, int start, int frameLength) throws FrameTooLongException {
            scanned = 0;
            matched = 0;
            payloadLength = frameLength - received.length;
            if (dropsCarriageReturn && payloadLength > 0 && in.get(start + payloadLength - 1) == CR) {
                payloadLength--;
            }
            requireWithinLimit("message of", payloadLength);
            return frameLength;
        }

        private void requireWithinLimit(String what, int bytes) throws FrameTooLongException {
            if (bytes > maxPayloadBytes) {
                throw new FrameTooLongException(what + " " + bytes + " bytes is", bytes, maxPayloadBytes);
            }
        }

        @Override
        public int payloadOffset() {
            return 0;
        }

        @Override
        public int payloadLength() {
            return payloadLength;
        }
    }
}
