package io.millrace.samples.guide;

import io.millrace.core.Codec;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;

/**
 * What a device of the guide measures.
 *
 * @param sensor which of its sensors
 * @param value what that has measured
 */
record Reading(int sensor, double value) {
    /** Writes and reads it in 12 bytes. */
    static final Codec<Reading> CODEC = new ReadingCodec();

    private static final int BYTES = Integer.BYTES + Double.BYTES;

    private static final class ReadingCodec implements Codec<Reading> {
        @Override
        public Reading decode(ByteBuffer message) throws MalformedFrameException {
            if (message.remaining() != BYTES) {
                throw new MalformedFrameException("a reading has 12 bytes, not " + message.remaining());
            }
            return new Reading(message.getInt(), message.getDouble());
        }

        @Override
        public ByteBuffer encode(Reading reading) {
            return ByteBuffer.allocate(BYTES)
                    .putInt(reading.sensor())
                    .putDouble(reading.value())
                    .flip();
        }
    }
}
