package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The pattern that fills a buffer nobody has leased, to show who writes to it all the same. */
final class Poison {
    private static final byte PATTERN = (byte) 0xDB;

    // Never written after this; only duplicates are handed to anyone who moves a position.
    private static final ByteBuffer FULL = full();

    private Poison() {}

    private static ByteBuffer full() {
        byte[] bytes = new byte[64 << 10];
        Arrays.fill(bytes, PATTERN);
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    static void fill(ByteBuffer buffer) {
        ByteBuffer out = buffer.duplicate().clear();
        while (out.hasRemaining()) {
            out.put(FULL.duplicate().limit(Math.min(FULL.capacity(), out.remaining())));
        }
    }

    /** Returns the index of the first byte that is not the pattern, or -1. */
    static int firstDamage(ByteBuffer buffer) {
        ByteBuffer in = buffer.duplicate().clear();
        while (in.hasRemaining()) {
            int start = in.position();
            int length = Math.min(FULL.capacity(), in.remaining());
            int mismatch = in.slice(start, length).mismatch(FULL.duplicate().limit(length));
            if (mismatch >= 0) {
                return start + mismatch;
            }
            in.position(start + length);
        }
        return -1;
    }
}
