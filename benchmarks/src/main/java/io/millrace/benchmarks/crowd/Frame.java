package io.millrace.benchmarks.crowd;

import java.nio.ByteBuffer;

/** One message with its length in front, as servers of the echo and the broadcast take it. */
final class Frame {
    private Frame() {}

    /** Returns a frame between position 0 and the limit. */
    static ByteBuffer of(int payloadBytes) {
        ByteBuffer frame = ByteBuffer.allocateDirect(Integer.BYTES + payloadBytes);
        frame.putInt(payloadBytes);
        while (frame.hasRemaining()) {
            frame.put((byte) frame.position());
        }
        return frame.flip();
    }
}
