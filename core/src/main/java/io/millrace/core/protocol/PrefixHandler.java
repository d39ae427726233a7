package io.millrace.core.protocol;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Frames that begin with their length: a prefix of 1, 2, 3, 4 or 8 bytes in either byte order, which counts the
 * payload and not itself.
 *
 * <p>Prefixes of 1, 2 and 3 bytes are unsigned. Those of 4 and 8 bytes are signed, as every peer in Java, C# or Go
 * writes them, and a negative one is malformed.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: a length beyond {@link #maxPayloadBytes()} is refused when the prefix is read, before any memory is
 * taken for it.
 */
public final class PrefixHandler implements Protocol, FrameEncoder {
    /** The default limit on a payload, in bytes: 16 MiB, what both sides may hold without being asked. */
    public static final int DEFAULT_MAX_PAYLOAD_BYTES = 16 << 20;

    /** The highest limit that can be set on a payload, in bytes: 1 GiB. */
    public static final int LARGEST_PAYLOAD_BYTES = 1 << 30;

    private final int width;
    private final ByteOrder order;
    private final int maxPayloadBytes;

    private PrefixHandler(int width, ByteOrder order, int maxPayloadBytes) {
        this.width = width;
        this.order = order;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /**
     * Returns an unsigned one-byte prefix: payloads up to 255 bytes.
     *
     * @return the prefix
     */
    public static PrefixHandler int8() {
        return ofWidth(1);
    }

    /**
     * Returns an unsigned two-byte prefix, big-endian: payloads up to 65,535 bytes.
     *
     * @return the prefix
     */
    public static PrefixHandler int16() {
        return ofWidth(2);
    }

    /**
     * Returns an unsigned three-byte prefix, big-endian: payloads up to 16,777,215 bytes.
     *
     * @return the prefix
     */
    public static PrefixHandler int24() {
        return ofWidth(3);
    }

    /**
     * Returns a signed four-byte prefix, big-endian.
     *
     * @return the prefix
     */
    public static PrefixHandler int32() {
        return ofWidth(4);
    }

    /**
     * Returns a signed eight-byte prefix, big-endian.
     *
     * @return the prefix
     */
    public static PrefixHandler int64() {
        return ofWidth(8);
    }

    private static PrefixHandler ofWidth(int width) {
        return new PrefixHandler(
                width, ByteOrder.BIG_ENDIAN, (int) Math.min(DEFAULT_MAX_PAYLOAD_BYTES, largestValue(width)));
    }

    /**
     * Returns this prefix in another byte order.
     *
     * @param byteOrder the order of the prefix's bytes
     * @return the prefix
     */
    public PrefixHandler order(ByteOrder byteOrder) {
        return new PrefixHandler(width, Objects.requireNonNull(byteOrder, "byteOrder"), maxPayloadBytes);
    }

    /**
     * Returns this prefix in little-endian byte order.
     *
     * @return the prefix
     */
    public PrefixHandler littleEndian() {
        return order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Returns this prefix with another limit.
     *
     * @param bytes the longest payload in bytes, from 0 to {@link #LARGEST_PAYLOAD_BYTES} and to what the prefix can
     *     express; the default is {@link #DEFAULT_MAX_PAYLOAD_BYTES} or what the prefix can express
     * @return the prefix
     */
    public PrefixHandler maxPayloadBytes(int bytes) {
        long largest = Math.min(LARGEST_PAYLOAD_BYTES, largestValue(width));
        if (bytes < 0 || bytes > largest) {
            throw new IllegalArgumentException("maxPayloadBytes is " + bytes + "; with a prefix of " + width
                    + " bytes it must be from 0 to " + largest);
        }
        return new PrefixHandler(width, order, bytes);
    }

    /**
     * Returns the length of the prefix.
     *
     * @return 1, 2, 3, 4 or 8 bytes
     */
    public int width() {
        return width;
    }

    /**
     * Returns the byte order of the prefix.
     *
     * @return the order; it says nothing about the payload
     */
    public ByteOrder order() {
        return order;
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
    public FrameDecoder newDecoder(Side side) {
        return new Decoder();
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return this;
    }

    @Override
    public void check(ByteBuffer payload) {
        if (payload.remaining() > maxPayloadBytes) {
            throw new IllegalArgumentException("message of " + payload.remaining()
                    + " bytes is longer than the limit of " + maxPayloadBytes
                    + " bytes: send it in parts, or raise maxPayloadBytes on both sides");
        }
    }

    @Override
    public int headerLength(FrameKind kind, int payloadLength) {
        return width;
    }

    @Override
    public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
        int at = out.position();
        for (int i = 0; i < width; i++) {
            out.put(at + i, (byte) ((long) payloadLength >>> shiftOf(i)));
        }
        out.position(at + width);
    }

    /** Reads the length that begins at the given index; all of its bytes must be there. */
    private int payloadLengthAt(ByteBuffer in, int index) throws MalformedFrameException {
        long declared = declaredAt(in, index);
        if (declared < 0) {
            throw new MalformedFrameException(
                    "declared length " + declared + " is negative; the limit is " + maxPayloadBytes + " bytes");
        }
        if (declared > maxPayloadBytes) {
            throw new FrameTooLongException(declared, maxPayloadBytes);
        }
        return (int) declared;
    }

    private long declaredAt(ByteBuffer in, int index) {
        boolean reversed = order == ByteOrder.LITTLE_ENDIAN;
        return switch (width) {
            case 1 -> in.get(index) & 0xFF;
            case 2 -> (reversed ? Short.reverseBytes(in.getShort(index)) : in.getShort(index)) & 0xFFFF;
            case 3 -> {
                int first = in.get(index) & 0xFF;
                int middle = (in.get(index + 1) & 0xFF) << 8;
                int last = in.get(index + 2) & 0xFF;
                yield reversed ? last << 16 | middle | first : first << 16 | middle | last;
            }
            case 4 -> reversed ? Integer.reverseBytes(in.getInt(index)) : in.getInt(index);
            default -> reversed ? Long.reverseBytes(in.getLong(index)) : in.getLong(index);
        };
    }

    private int shiftOf(int i) {
        return Byte.SIZE * (order == ByteOrder.BIG_ENDIAN ? width - 1 - i : i);
    }

    private static long largestValue(int width) {
        return width < Integer.BYTES ? (1L << (Byte.SIZE * width)) - 1 : Long.MAX_VALUE;
    }

    /** Reads a prefix once all of its bytes are there, and never looks at the payload. */
    private final class Decoder implements FrameDecoder {
        // Confined to the session.
        private int payloadLength;

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (in.remaining() < width) {
                return UNKNOWN;
            }
            payloadLength = payloadLengthAt(in, in.position());
            return width + payloadLength;
        }

        @Override
        public int payloadOffset() {
            return width;
        }

        @Override
        public int payloadLength() {
            return payloadLength;
        }
    }

    @Override
    public String toString() {
        return "lengthPrefixed(int" + Byte.SIZE * width + ", " + order + ", maxPayloadBytes=" + maxPayloadBytes + ")";
    }
}
