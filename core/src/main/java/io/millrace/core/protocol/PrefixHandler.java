package io.millrace.core.protocol;

import io.millrace.core.protocol.PrefixLayout.Counted;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Frames with a length field of 1, 2, 3, 4 or 8 bytes in either byte order before the payload.
 *
 * <pre>
 *   offset bytes, length field,  body
 *   '------- header --------'    '-- declared value + adjustment - what else it counts
 * </pre>
 *
 * <p>Unless told otherwise nothing goes before the field, it counts the body and nothing else, and a message is the
 * body without the header. Fields of 1, 2 and 3 bytes are unsigned. Those of 4 and 8 bytes are signed, as every peer in
 * Java, C# or Go writes them, and a negative one is malformed.
 *
 * <p>Threading: Immutable: each method returns another prefix.
 *
 * <p>Errors: a length beyond {@link #maxPayloadBytes()} is refused when the field is read, before any memory is taken
 * for it. Settings that cannot be true together are refused by the method that makes them so.
 */
public final class PrefixHandler implements Protocol, FrameEncoder {
    /** The default limit on a payload, in bytes: 16 MiB, what both sides may hold without being asked. */
    public static final int DEFAULT_MAX_PAYLOAD_BYTES = 16 << 20;

    /** The highest limit that can be set on a payload, in bytes: 1 GiB. */
    public static final int LARGEST_PAYLOAD_BYTES = 1 << 30;

    /** The limit was not chosen: it is the default, or what the field can express. */
    private static final int NOT_CHOSEN = -1;

    private final PrefixLayout layout;
    private final int chosenMax;
    private final int maxPayloadBytes;
    private final boolean keepsHeader;

    // Of the layout; looked at for every message.
    private final int headerBytes;
    private final long surplus;
    private final boolean isPlainInt;

    private PrefixHandler(PrefixLayout layout, int chosenMax, boolean keepsHeader) {
        this.layout = layout;
        this.chosenMax = chosenMax;
        this.maxPayloadBytes = chosenMax == NOT_CHOSEN ? defaultMax(layout) : chosenMax;
        this.keepsHeader = keepsHeader;
        this.headerBytes = layout.headerBytes();
        this.surplus = layout.surplus();
        this.isPlainInt = layout.width() == Integer.BYTES
                && layout.order() == ByteOrder.BIG_ENDIAN
                && layout.offset() == 0
                && layout.isPlain()
                && !keepsHeader;
    }

    /** A shortest body beyond the usual limit raises it: what can be sent at all may be sent. */
    private static int defaultMax(PrefixLayout layout) {
        long usual = Math.max(DEFAULT_MAX_PAYLOAD_BYTES, layout.smallestBody());
        return (int) Math.min(usual, layout.largestBody());
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
        return new PrefixHandler(new PrefixLayout(width, ByteOrder.BIG_ENDIAN, 0, 0, Counted.BODY), NOT_CHOSEN, false);
    }

    /**
     * Returns this prefix in another byte order.
     *
     * @param byteOrder the order of the length field's bytes
     * @return the prefix
     */
    public PrefixHandler order(ByteOrder byteOrder) {
        return new PrefixHandler(
                layout.withOrder(Objects.requireNonNull(byteOrder, "byteOrder")), chosenMax, keepsHeader);
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
     * Returns this prefix with bytes before the length field: a magic number, a type. They are sent as zeros and not
     * looked at when received; whoever wants them asks for {@link #keepHeader()}.
     *
     * @param bytes how many, from 0 to {@link FrameEncoder#MAX_SURROUND_BYTES} minus the field's own; 0 by default
     * @return the prefix
     * @throws IllegalArgumentException if that is out of range, or no message fits with the other settings
     */
    public PrefixHandler offset(int bytes) {
        int largest = MAX_SURROUND_BYTES - layout.width();
        if (bytes < 0 || bytes > largest) {
            throw new IllegalArgumentException("offset is " + bytes + " bytes; with a length field of " + layout.width()
                    + " bytes it must be from 0 to " + largest);
        }
        return with("offset is " + bytes, layout.withOffset(bytes));
    }

    /**
     * Returns this prefix with a length field whose value differs from what follows it.
     *
     * @param bytes what is added to the declared value to give the number of bytes behind the field: more than zero if
     *     the peer counts too few, less if it counts too many; 0 by default
     * @return the prefix
     * @throws IllegalArgumentException if no message fits with the other settings
     */
    public PrefixHandler adjustment(int bytes) {
        return with("adjustment is " + bytes, layout.withAdjustment(bytes));
    }

    /**
     * Returns this prefix with a declared length that counts the length field too, and nothing before it.
     *
     * @return the prefix
     * @throws IllegalArgumentException if no message fits with the other settings
     */
    public PrefixHandler countsItself() {
        return with("countsItself is set", layout.withCounted(Counted.FIELD));
    }

    /**
     * Returns this prefix with a declared length that counts the whole frame: what is before the length field, the
     * field and the body.
     *
     * @return the prefix
     * @throws IllegalArgumentException if no message fits with the other settings
     */
    public PrefixHandler countsHeader() {
        return with("countsHeader is set", layout.withCounted(Counted.HEADER));
    }

    /**
     * Returns this prefix with messages that are whole frames, header included, as received and as sent. A message to
     * be sent begins with its header; one whose length field does not say how long it is, is refused.
     *
     * @return the prefix
     */
    public PrefixHandler keepHeader() {
        return new PrefixHandler(layout, chosenMax, true);
    }

    /**
     * Returns this prefix with messages that are what follows the header: the default.
     *
     * @return the prefix
     */
    public PrefixHandler stripHeader() {
        return new PrefixHandler(layout, chosenMax, false);
    }

    /**
     * Returns this prefix with another limit.
     *
     * @param bytes the longest payload in bytes, not counting a header that is kept; from 0, or from the shortest
     *     payload that the length field can express, to {@link #LARGEST_PAYLOAD_BYTES} and to the longest that it can;
     *     the default is {@link #DEFAULT_MAX_PAYLOAD_BYTES}, moved into that range
     * @return the prefix
     * @throws IllegalArgumentException if that is out of range
     */
    public PrefixHandler maxPayloadBytes(int bytes) {
        long largest = Math.min(LARGEST_PAYLOAD_BYTES, layout.largestBody());
        if (bytes < layout.smallestBody() || bytes > largest) {
            throw new IllegalArgumentException("maxPayloadBytes is " + bytes + "; with a prefix of " + layout.width()
                    + " bytes (" + layout.shown() + ") it must be from " + layout.smallestBody() + " to " + largest);
        }
        return new PrefixHandler(layout, bytes, keepsHeader);
    }

    /** Refuses a layout in which the field can declare no message, or not what a chosen limit promises. */
    private PrefixHandler with(String setting, PrefixLayout changed) {
        long shortest = changed.smallestBody();
        long longest = Math.min(LARGEST_PAYLOAD_BYTES, changed.largestBody());
        String range = setting + ": a length field that holds 0 to " + changed.largestDeclared()
                + " declares payloads of " + changed.surplus() + " to " + changed.largestBody() + " bytes then, ";
        if (shortest > longest) {
            throw new IllegalArgumentException(range + "none of them from 0 to " + LARGEST_PAYLOAD_BYTES);
        }
        if (chosenMax != NOT_CHOSEN && (chosenMax < shortest || chosenMax > longest)) {
            throw new IllegalArgumentException(
                    range + "but maxPayloadBytes is " + chosenMax + ": choose one from " + shortest + " to " + longest);
        }
        return new PrefixHandler(changed, chosenMax, keepsHeader);
    }

    /**
     * Returns the length of the length field.
     *
     * @return 1, 2, 3, 4 or 8 bytes
     */
    public int width() {
        return layout.width();
    }

    /**
     * Returns the length of all before the payload: the offset and the length field.
     *
     * @return bytes
     */
    public int headerBytes() {
        return layout.headerBytes();
    }

    /**
     * Returns the byte order of the length field.
     *
     * @return the order; it says nothing about the payload
     */
    public ByteOrder order() {
        return layout.order();
    }

    /**
     * Returns the longest payload, sent or received, not counting a header that is kept.
     *
     * @return the limit in bytes
     */
    public int maxPayloadBytes() {
        return maxPayloadBytes;
    }

    @Override
    public Heartbeat heartbeat() {
        return keepsHeader ? Heartbeat.NONE : Heartbeat.EMPTY_MESSAGE;
    }

    @Override
    public FrameDecoder newDecoder(Side side) {
        return isPlainInt
                ? new PrefixDecoder.Plain(maxPayloadBytes)
                : new PrefixDecoder(layout, maxPayloadBytes, keepsHeader);
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return this;
    }

    @Override
    public void check(ByteBuffer payload) {
        if (keepsHeader) {
            checkFrame(payload);
        } else {
            checkBody(payload.remaining());
        }
    }

    @Override
    public void checkLength(long payloadLength) {
        if (keepsHeader) {
            FrameEncoder.super.checkLength(payloadLength);
        }
        checkBody(payloadLength);
    }

    private void checkFrame(ByteBuffer frame) {
        long body = (long) frame.remaining() - headerBytes;
        if (body < 0) {
            throw new IllegalArgumentException("message of " + frame.remaining()
                    + " bytes is shorter than its header of " + headerBytes
                    + " bytes: with keepHeader a message is a whole frame");
        }
        checkBody(body);
        long declared = layout.read(frame, frame.position() + layout.offset());
        long right = body - surplus;
        if (declared != right) {
            throw new IllegalArgumentException("message declares a length of " + declared + ", but for its "
                    + frame.remaining() + " bytes it must declare " + right);
        }
    }

    private void checkBody(long bytes) {
        if (bytes > maxPayloadBytes) {
            throw new IllegalArgumentException("message of " + bytes + " bytes is longer than the limit of "
                    + maxPayloadBytes + " bytes: send it in parts, or raise maxPayloadBytes on both sides");
        }
        // Below zero for the usual layouts: then no body is too short.
        if (bytes < surplus) {
            throw new IllegalArgumentException("message of " + bytes + " bytes is shorter than "
                    + layout.smallestBody() + " bytes, and with " + layout.shown()
                    + " no length field can declare fewer");
        }
    }

    @Override
    public int headerLength(FrameKind kind, int payloadLength) {
        return keepsHeader ? 0 : headerBytes;
    }

    @Override
    public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
        if (isPlainInt) {
            out.putInt(payloadLength);
        } else if (!keepsHeader) {
            layout.put(out, payloadLength - surplus);
        }
    }

    @Override
    public String toString() {
        return "lengthPrefixed(" + layout.shown() + (keepsHeader ? ", keepHeader" : "") + ", maxPayloadBytes="
                + maxPayloadBytes + ")";
    }
}
