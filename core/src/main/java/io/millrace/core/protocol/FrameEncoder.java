package io.millrace.core.protocol;

import java.nio.ByteBuffer;

/**
 * Writes what surrounds a payload on the wire.
 *
 * <p>Threading: Immutable: called from any number of threads at once.
 *
 * <p>Errors: a payload that the frame cannot carry is refused by {@link #check} before anything is queued.
 */
public interface FrameEncoder {
    /**
     * Refuses what the frame cannot carry.
     *
     * @param payload borrowed: what is to be sent, between position and limit, which must not change
     * @throws IllegalArgumentException if it is too long, or has bytes that would break the frame
     */
    void check(ByteBuffer payload);

    /**
     * Tells how much goes before a payload.
     *
     * @param payloadLength the payload's length in bytes
     * @return the length of the header in bytes, 0 to {@value #MAX_HEADER_BYTES}
     */
    int headerLength(int payloadLength);

    /**
     * Writes the header.
     *
     * @param out borrowed: where to put exactly {@link #headerLength} bytes, from its position on
     * @param payloadLength the payload's length in bytes
     */
    void putHeader(ByteBuffer out, int payloadLength);

    /** The longest header, in bytes. */
    int MAX_HEADER_BYTES = 64;
}
