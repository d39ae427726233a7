package io.millrace.core.protocol;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Millrace's own frames: messages, requests both ways, errors, pings and a drain notice on one connection.
 *
 * <pre>
 *   int32   length of all that follows, big-endian
 *   int8    version in the high half (0), kind in the low half
 *   int64   token, for REQUEST, REPLY, ERROR, PING and PONG
 *   ...     payload
 * </pre>
 *
 * <p>Kinds: 0 MESSAGE, 1 REQUEST, 2 REPLY, 3 ERROR, 4 PING, 5 PONG, 6 GOAWAY. Kinds 7 to 11 are unknown and malformed;
 * 12 to 15 are skipped, so that there is room to grow.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: a REQUEST beyond the limit is discarded as it arrives, and can be answered; any other frame beyond it is
 * malformed.
 */
public final class MillraceProtocol implements Protocol, FrameEncoder {
    /** The version that this implementation speaks. */
    public static final int VERSION = 0;

    private static final int LENGTH_BYTES = 4;
    private static final int KIND_BYTES = 1;
    private static final int TOKEN_BYTES = 8;
    private static final int FIRST_SKIPPED = 12;

    /** The kind of each number on the wire: each has its {@link FrameKind#number() own} as its place. */
    private static final FrameKind[] KINDS = {
        FrameKind.MESSAGE,
        FrameKind.REQUEST,
        FrameKind.REPLY,
        FrameKind.ERROR,
        FrameKind.PING,
        FrameKind.PONG,
        FrameKind.GOAWAY
    };

    private final int maxPayloadBytes;

    /** Null for a random one of each session. */
    private final @Nullable Long firstToken;

    private MillraceProtocol(int maxPayloadBytes, @Nullable Long firstToken) {
        this.maxPayloadBytes = maxPayloadBytes;
        this.firstToken = firstToken;
    }

    /**
     * Returns the protocol with a limit of {@link PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES}.
     *
     * @return the protocol
     */
    public static MillraceProtocol create() {
        return new MillraceProtocol(PrefixHandler.DEFAULT_MAX_PAYLOAD_BYTES, null);
    }

    /**
     * Returns this protocol with another limit.
     *
     * @param bytes the longest payload in bytes, from 0 to {@link PrefixHandler#LARGEST_PAYLOAD_BYTES};
     *     {@link PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES} by default
     * @return the protocol
     * @throws IllegalArgumentException if that is out of range
     */
    public MillraceProtocol maxPayloadBytes(int bytes) {
        if (bytes < 0 || bytes > PrefixHandler.LARGEST_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "maxPayloadBytes is " + bytes + "; it must be from 0 to " + PrefixHandler.LARGEST_PAYLOAD_BYTES);
        }
        return new MillraceProtocol(bytes, firstToken);
    }

    /**
     * Returns this protocol with a token for the first request of each session, so that a test knows what is on the
     * wire. Without this each session begins with a random one.
     *
     * @param token any number; those of later requests count up from it
     * @return the protocol
     */
    public MillraceProtocol firstToken(long token) {
        return new MillraceProtocol(maxPayloadBytes, token);
    }

    @Override
    public long firstToken() {
        return firstToken == null ? Protocol.super.firstToken() : firstToken;
    }

    /**
     * Returns the longest payload, sent or received.
     *
     * @return the limit in bytes
     */
    public int maxPayloadBytes() {
        return maxPayloadBytes;
    }

    @Override
    public Pairing pairing() {
        return Pairing.BY_TOKEN;
    }

    @Override
    public Heartbeat heartbeat() {
        return Heartbeat.PING;
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
        checkLength(payload.remaining());
    }

    @Override
    public void checkLength(long payloadLength) {
        if (payloadLength > maxPayloadBytes) {
            throw new IllegalArgumentException("message of " + payloadLength
                    + " bytes is longer than the limit of " + maxPayloadBytes
                    + " bytes: send it in parts, or raise maxPayloadBytes on both sides");
        }
    }

    @Override
    public int headerLength(FrameKind kind, int payloadLength) {
        return LENGTH_BYTES + KIND_BYTES + (kind.hasToken() ? TOKEN_BYTES : 0);
    }

    @Override
    public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
        byte versionAndKind = (byte) (VERSION << 4 | numberOf(kind));
        int at = out.position();
        if (kind.hasToken()) {
            out.putInt(at, KIND_BYTES + TOKEN_BYTES + payloadLength)
                    .put(at + LENGTH_BYTES, versionAndKind)
                    .putLong(at + LENGTH_BYTES + KIND_BYTES, token)
                    .position(at + LENGTH_BYTES + KIND_BYTES + TOKEN_BYTES);
        } else {
            out.putInt(at, KIND_BYTES + payloadLength)
                    .put(at + LENGTH_BYTES, versionAndKind)
                    .position(at + LENGTH_BYTES + KIND_BYTES);
        }
    }

    private static int numberOf(FrameKind kind) {
        int number = kind.number();
        if (number < 0) {
            throw new IllegalArgumentException("a frame of kind " + kind + " cannot be sent");
        }
        return number;
    }

    @Override
    public String toString() {
        return "millrace(maxPayloadBytes=" + maxPayloadBytes + (firstToken == null ? "" : ", firstToken=" + firstToken)
                + ")";
    }

    /** Reads length, kind and token, and looks at nothing else. */
    private final class Decoder implements FrameDecoder {
        // All confined to the session.
        private FrameKind kind = FrameKind.MESSAGE;
        private long token;
        private int payloadOffset;
        private int payloadLength;

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (in.remaining() < LENGTH_BYTES + KIND_BYTES) {
                return UNKNOWN;
            }
            int start = in.position();
            int length = in.getInt(start);
            if (length < KIND_BYTES) {
                throw new MalformedFrameException("declared length " + length + " is below 1");
            }
            int versionAndKind = in.get(start + LENGTH_BYTES) & 0xFF;
            kind = kindOf(versionAndKind, length);
            int headerBytes = KIND_BYTES + (kind.hasToken() ? TOKEN_BYTES : 0);
            if (length < headerBytes) {
                throw new MalformedFrameException(
                        "declared length " + length + " has no room for the token of " + kind);
            }
            if (in.remaining() < LENGTH_BYTES + headerBytes) {
                return UNKNOWN;
            }
            token = kind.hasToken() ? in.getLong(start + LENGTH_BYTES + KIND_BYTES) : 0;
            payloadOffset = LENGTH_BYTES + headerBytes;
            payloadLength = withinLimit(length - headerBytes);
            return LENGTH_BYTES + length;
        }

        private FrameKind kindOf(int versionAndKind, int length) throws MalformedFrameException {
            int version = versionAndKind >> 4;
            int number = versionAndKind & 0xF;
            if (version != VERSION) {
                throw new UnsupportedVersionException(version, length);
            }
            if (number < KINDS.length) {
                return KINDS[number];
            }
            if (number >= FIRST_SKIPPED) {
                return FrameKind.SKIPPED;
            }
            throw new MalformedFrameException("unknown kind of frame " + number + ", declared length " + length);
        }

        private int withinLimit(int bytes) throws FrameTooLongException {
            if (bytes <= maxPayloadBytes) {
                return bytes;
            }
            if (kind == FrameKind.REQUEST && bytes <= PrefixHandler.LARGEST_PAYLOAD_BYTES) {
                return TOO_LONG;
            }
            throw new FrameTooLongException(bytes, maxPayloadBytes);
        }

        @Override
        public int payloadOffset() {
            return payloadOffset;
        }

        @Override
        public int payloadLength() {
            return payloadLength;
        }

        @Override
        public FrameKind kind() {
            return kind;
        }

        @Override
        public long token() {
            return token;
        }
    }
}
