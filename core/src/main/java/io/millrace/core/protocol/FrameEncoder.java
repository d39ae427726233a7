package io.millrace.core.protocol;

import java.nio.ByteBuffer;

/**
 * Writes what surrounds a payload on the wire.
 *
 * <p>Threading: Confined to one session: {@link #putHeader} and {@link #putTrailer} never overlap for one session, the
 * thread may change; each call happens-before the next. {@link #check} and the lengths are called from any number of
 * threads at once.
 *
 * <p>Lifecycle: made by {@link Protocol#newEncoder} when the session opens; one without state may serve all sessions.
 *
 * <p>Errors: a payload that the frame cannot carry is refused by {@link #check} before anything is queued.
 */
public interface FrameEncoder {
    /** The longest header, and the longest trailer, in bytes. */
    int MAX_SURROUND_BYTES = 64;

    /**
     * Refuses what the frame cannot carry.
     *
     * @param payload borrowed: what is to be sent, between position and limit, which must not change
     * @throws IllegalArgumentException if it is too long, or has bytes that would break the frame
     */
    void check(ByteBuffer payload);

    /**
     * Refuses a payload of a certain length that cannot be looked at, because it is sent from a file.
     *
     * @param payloadLength its length in bytes
     * @throws IllegalArgumentException if it is too long, or the frame depends on what is in it
     */
    default void checkLength(long payloadLength) {
        throw new IllegalArgumentException("these frames depend on what is in them, so they cannot carry "
                + payloadLength + " bytes from a file: choose a protocol whose frames tell their length");
    }

    /**
     * Tells how much goes before a payload.
     *
     * @param kind what the frame is for
     * @param payloadLength the payload's length in bytes
     * @return the length of the header in bytes, 0 to {@value #MAX_SURROUND_BYTES}
     */
    int headerLength(FrameKind kind, int payloadLength);

    /**
     * Writes the header.
     *
     * @param out borrowed: where to put exactly {@link #headerLength} bytes, from its position on, in big-endian order
     * @param kind what the frame is for
     * @param token the frame's token, if its kind has one
     * @param payloadLength the payload's length in bytes
     */
    void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength);

    /**
     * Tells how much goes behind every payload.
     *
     * @return the length of the trailer in bytes, 0 to {@value #MAX_SURROUND_BYTES}; 0 unless overridden
     */
    default int trailerLength() {
        return 0;
    }

    /**
     * Writes the trailer.
     *
     * @param out borrowed: where to put exactly {@link #trailerLength} bytes, from its position on
     */
    default void putTrailer(ByteBuffer out) {}
}
