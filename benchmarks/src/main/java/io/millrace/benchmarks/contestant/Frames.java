package io.millrace.benchmarks.contestant;

import java.nio.ByteBuffer;

/** What all contestants and the load have in common. */
public final class Frames {
    /** Bytes of the length in front of every payload. */
    public static final int HEADER_BYTES = Integer.BYTES;

    /** The least that a bare server reads at once; holds 128 small messages. */
    public static final int BUFFER_BYTES = 16 << 10;

    private Frames() {}

    /** Returns the size of a buffer that holds the longest frame, and many small ones. */
    public static int bufferBytes(ServeOptions options) {
        return Math.max(BUFFER_BYTES, HEADER_BYTES + options.maxFrameBytes());
    }

    /**
     * Moves the frames that are whole: all that a bare echo does with what it has read.
     *
     * @param in what was read, up to its position; afterwards the beginning of a frame, ready for more
     * @param out of the same size; afterwards what is to be written
     */
    public static void moveWhole(ByteBuffer in, ByteBuffer out) {
        in.flip();
        out.clear();
        while (in.remaining() >= HEADER_BYTES) {
            int length = HEADER_BYTES + in.getInt(in.position());
            if (in.remaining() < length) {
                break;
            }
            int end = in.limit();
            out.put(in.limit(in.position() + length));
            in.limit(end);
        }
        in.compact();
        out.flip();
    }
}
