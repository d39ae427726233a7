package io.millrace.benchmarks.load;

import java.nio.ByteBuffer;

/** Whole frames one after another, as they are sent and expected back: any part of the stream is a slice of it. */
final class Pattern {
    private final int frameBytes;
    private final ByteBuffer frames;

    /**
     * @param payloadBytes of each frame
     * @param windowBytes the longest slice that is asked for
     */
    Pattern(int payloadBytes, int windowBytes) {
        frameBytes = Integer.BYTES + payloadBytes;
        int count = 1 + (windowBytes + frameBytes - 1) / frameBytes;
        frames = ByteBuffer.allocateDirect(count * frameBytes);
        while (frames.hasRemaining()) {
            frames.putInt(payloadBytes);
            for (int i = 0; i < payloadBytes; i++) {
                frames.put((byte) i);
            }
        }
    }

    int frameBytes() {
        return frameBytes;
    }

    /** Positions the one buffer that there is on a part of the stream; it is the caller's until the next call. */
    ByteBuffer slice(long streamPosition, int bytes) {
        int start = (int) (streamPosition % frameBytes);
        return frames.limit(start + bytes).position(start);
    }

    /** Returns whether what was received is what must stand at this position of the stream. */
    boolean matches(long streamPosition, ByteBuffer received) {
        return slice(streamPosition, received.remaining()).equals(received);
    }

    /** Says where what was received first differs from what must stand at this position of the stream. */
    String difference(long streamPosition, ByteBuffer received) {
        ByteBuffer expected = slice(streamPosition, received.remaining());
        int at = expected.mismatch(received);
        long position = streamPosition + at;
        return String.format(
                "byte %d of message %d is %d; it was sent as %d",
                position % frameBytes,
                1 + position / frameBytes,
                received.get(received.position() + at) & 0xFF,
                expected.get(expected.position() + at) & 0xFF);
    }
}
