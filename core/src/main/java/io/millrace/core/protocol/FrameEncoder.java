package io.millrace.core.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

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
    /**
     * Returns the encoder for payloads that bring their own frames: it puts nothing around them, and takes any.
     *
     * @return an encoder without state, for all sessions
     */
    static FrameEncoder none() {
        return RawProtocol.INSTANCE;
    }

    /** The longest header, and the longest trailer, in bytes; a session refuses to send with a longer one. */
    int MAX_SURROUND_BYTES = 64;

    /**
     * Refuses what the frame cannot carry.
     *
     * @param payload borrowed: what is to be sent, between position and limit, which must not change
     * @throws IllegalArgumentException if it is too long, or has bytes that would break the frame
     */
    void check(ByteBuffer payload);

    /**
     * Refuses a payload of a certain length whose bytes cannot be looked at, because they are streamed from a file.
     *
     * @implSpec Throws: frames may depend on what is inside. Encoders whose frames depend on the length alone override
     *     this, and their {@link #check} refuses the same lengths.
     * @param payloadLength the payload's length in bytes, 0 or more; may be beyond an int
     * @throws IllegalArgumentException if the frame cannot carry that many bytes, or not without seeing them
     */
    default void checkLength(long payloadLength) {
        throw new IllegalArgumentException("a payload of " + payloadLength + " bytes cannot be streamed: these frames"
                + " depend on the content, so send it as a message, or choose a protocol with lengths");
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

    /**
     * Tells which encoders make the same frames as this one, so that a message for many sessions is framed once for all
     * of them. Called often, from any number of threads at once.
     *
     * <p>What a callback sends many times to one session is put together without that session's lock, if the encoder can
     * have no state of the session's: if it is the {@link Protocol} itself, or answers something else than itself here.
     *
     * @implSpec Returns this encoder: one that serves all sessions can know nothing of any one of them, and one that a
     *     session has for itself shares with nobody. Encoders that are made per session and have no state may return
     *     something that they have in common. Those whose frames depend on what was sent before, or on the session, must
     *     not share, and one that counts frames across sessions returns null.
     * @return the same object for all encoders that put the same bytes around the same message, now and later; or null
     *     if every frame must be made for its own session
     */
    default @Nullable Object sharingKey() {
        return this;
    }
}
