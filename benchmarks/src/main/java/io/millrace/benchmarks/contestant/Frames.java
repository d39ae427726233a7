package io.millrace.benchmarks.contestant;

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
}
