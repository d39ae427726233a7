package io.millrace.core.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where a length field stands and what its value means.
 *
 * <p>The body is what follows the field. Its length is {@code declared + adjustment - counted}, so a declared value and
 * a body differ by the {@link #surplus()}, which is small; every sum of the two fits a long.
 *
 * @param width the field's length: 1, 2, 3, 4 or 8 bytes
 * @param order the order of its bytes
 * @param offset how many bytes go before it
 * @param adjustment what is added to the declared value to give the length of the body
 * @param counted what else the declared value counts
 */
record PrefixLayout(int width, ByteOrder order, int offset, int adjustment, Counted counted) {
    /** What a declared value counts besides the body. */
    enum Counted {
        /** Nothing. */
        BODY,
        /** The length field. */
        FIELD,
        /** The length field and what goes before it. */
        HEADER
    }

    PrefixLayout withOrder(ByteOrder newOrder) {
        return new PrefixLayout(width, newOrder, offset, adjustment, counted);
    }

    PrefixLayout withOffset(int newOffset) {
        return new PrefixLayout(width, order, newOffset, adjustment, counted);
    }

    PrefixLayout withAdjustment(int newAdjustment) {
        return new PrefixLayout(width, order, offset, newAdjustment, counted);
    }

    PrefixLayout withCounted(Counted newCounted) {
        return new PrefixLayout(width, order, offset, adjustment, newCounted);
    }

    /** Returns how long all before the body is, in bytes. */
    int headerBytes() {
        return offset + width;
    }

    /** Returns how much of the header the declared value counts, in bytes. */
    int countedBytes() {
        return switch (counted) {
            case BODY -> 0;
            case FIELD -> width;
            case HEADER -> headerBytes();
        };
    }

    /** Returns by how much a body is longer than its declared value; below zero if it is shorter. */
    long surplus() {
        return (long) adjustment - countedBytes();
    }

    /** Returns the highest value that the field can hold: fields of 4 and 8 bytes are signed. */
    long largestDeclared() {
        return switch (width) {
            case Integer.BYTES -> Integer.MAX_VALUE;
            case Long.BYTES -> Long.MAX_VALUE;
            default -> (1L << (Byte.SIZE * width)) - 1;
        };
    }

    /** Returns the longest body that can be declared, whatever the limit; below zero if there is none. */
    long largestBody() {
        long declared = largestDeclared();
        return surplus() > Long.MAX_VALUE - declared ? Long.MAX_VALUE : declared + surplus();
    }

    /** Returns the shortest body that can be declared: that of 0, or an empty one. */
    long smallestBody() {
        return Math.max(0, surplus());
    }

    /** Returns whether a declared value is the length of its body. */
    boolean isPlain() {
        return surplus() == 0;
    }

    /** Reads the value of a field that begins at an index, in a buffer of either order. */
    long read(ByteBuffer in, int index) {
        boolean reversed = in.order() != order;
        return switch (width) {
            case 1 -> in.get(index) & 0xFF;
            case 2 -> (reversed ? Short.reverseBytes(in.getShort(index)) : in.getShort(index)) & 0xFFFF;
            case 3 -> {
                int first = in.get(index) & 0xFF;
                int middle = (in.get(index + 1) & 0xFF) << 8;
                int last = in.get(index + 2) & 0xFF;
                yield order == ByteOrder.LITTLE_ENDIAN ? last << 16 | middle | first : first << 16 | middle | last;
            }
            case 4 -> reversed ? Integer.reverseBytes(in.getInt(index)) : in.getInt(index);
            default -> reversed ? Long.reverseBytes(in.getLong(index)) : in.getLong(index);
        };
    }

    /** Puts a whole header, into a buffer in network order: zeros before the field, then the field. */
    void put(ByteBuffer out, long declared) {
        for (int i = 0; i < offset; i++) {
            out.put((byte) 0);
        }
        int unusedBits = Long.SIZE - Byte.SIZE * width;
        long value = order == ByteOrder.BIG_ENDIAN ? declared : Long.reverseBytes(declared) >>> unusedBits;
        switch (width) {
            case 1 -> out.put((byte) value);
            case 2 -> out.putShort((short) value);
            case 3 -> out.put((byte) (value >>> Short.SIZE)).putShort((short) value);
            case 4 -> out.putInt((int) value);
            default -> out.putLong(value);
        }
    }

    /** Shows what is not the default, as settings read. */
    String shown() {
        return "int" + Byte.SIZE * width + ", " + order + (offset > 0 ? ", offset=" + offset : "")
                + (adjustment != 0 ? ", adjustment=" + adjustment : "")
                + switch (counted) {
                    case BODY -> "";
                    case FIELD -> ", countsItself";
                    case HEADER -> ", countsHeader";
                };
    }
}
