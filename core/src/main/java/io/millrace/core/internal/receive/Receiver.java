package io.millrace.core.internal.receive;

import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;

/** What receiving needs of its session. */
public interface Receiver {
    /** Hears that the read in flight has completed, on whatever thread. */
    void readCompleted();

    /** {@return whether the next frame may be delivered now; if not it is kept until later} */
    boolean mayDeliver();

    /**
     * Returns whether frames of a kind are delivered in parts.
     *
     * @param kind what the frame is for
     * @return true if {@link #deliverPart} takes them
     */
    boolean takesParts(FrameKind kind);

    /**
     * Takes a frame.
     *
     * @param kind what it is for
     * @param token its token
     * @param payload borrowed
     */
    void deliver(FrameKind kind, long token, ByteBuffer payload);

    /**
     * Takes a part of a frame.
     *
     * @param part borrowed
     * @param remaining how many bytes of the frame's payload are still to come
     */
    void deliverPart(ByteBuffer part, int remaining);

    /**
     * Hears of a frame that is too long to be taken in, and is discarded as it arrives.
     *
     * @param kind what it is for
     * @param token its token
     */
    void tooLong(FrameKind kind, long token);
}
