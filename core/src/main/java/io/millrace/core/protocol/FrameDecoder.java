package io.millrace.core.protocol;

import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;

/**
 * Finds where the frames of one session end. It remembers how far it has looked, so that each byte is examined a
 * constant number of times, however the stream is cut.
 *
 * <p>Threading: Confined to one session: calls never overlap, the thread may change; each call happens-before the
 * next.
 *
 * <p>Lifecycle: made by {@link Protocol#newDecoder} when the session opens, dropped when it ends; one without state
 * may serve all sessions.
 *
 * <p>Errors: a stream that cannot be right is reported by {@link MalformedFrameException}.
 */
public interface FrameDecoder {
    /** The answer of {@link #frameLength} while the end of the frame cannot be told yet. */
    int UNKNOWN = 0;

    /** The answer of {@link #payloadLength} for a frame that is too long to be taken in, but can be skipped. */
    int TOO_LONG = -1;

    /**
     * Tells how long the frame is that begins at the buffer's position.
     *
     * <p>While the answer is {@link #UNKNOWN} the same frame is asked about again when more of it has arrived. A
     * length is answered once: the session waits until that many bytes are there, takes the payload where
     * {@link #payloadOffset} and {@link #payloadLength} say, and goes on behind the frame.
     *
     * @param in borrowed: what has arrived of the frame and perhaps more, at least one byte, between position and
     *     limit, in big-endian order; any position, limit and order afterwards
     * @return the length of the whole frame in bytes, at least 1 and possibly more than have arrived, or
     *     {@link #UNKNOWN}
     * @throws MalformedFrameException if this is no frame, or one that is too long
     */
    int frameLength(ByteBuffer in) throws MalformedFrameException;

    /**
     * Tells where the payload of the frame last measured begins.
     *
     * @return bytes from the start of the frame
     */
    int payloadOffset();

    /**
     * Tells how long the payload of the frame last measured is.
     *
     * @return the length in bytes; 0 is a message too; {@link #TOO_LONG} has the frame discarded as it arrives
     */
    int payloadLength();

    /**
     * Tells what the frame last measured is for.
     *
     * @return its kind; {@link FrameKind#MESSAGE} unless overridden
     */
    default FrameKind kind() {
        return FrameKind.MESSAGE;
    }

    /**
     * Tells the token of the frame last measured.
     *
     * @return its token, if its kind has one
     */
    default long token() {
        return 0;
    }
}
