package io.millrace.core.internal.send;

import io.millrace.core.SendCompletion;
import io.millrace.core.memory.Chunk;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The end of a message whose sender wants to hear what became of it. Has no bytes of its own. */
public final class SentMarker extends Chunk {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SendCompletion completion;
    private final boolean direct;

    // Guarded by the queue; written once, when the message is appended.
    private @Nullable Chunk first;
    private long frameLength;
    private long streamOffset;

    /**
     * Makes the marker of a message that is not queued yet.
     *
     * @param completion who wants to hear
     */
    public SentMarker(SendCompletion completion) {
        this(completion, false);
    }

    /**
     * Makes the marker of a message that is not queued yet.
     *
     * @param completion who wants to hear
     * @param direct whether it runs no code of the application's, so that it need not wait for other callbacks
     */
    public SentMarker(SendCompletion completion, boolean direct) {
        this.completion = completion;
        this.direct = direct;
        this.sealed = true;
    }

    void place(@Nullable Chunk newFirst, long newFrameLength, long newStreamOffset) {
        first = newFirst;
        frameLength = newFrameLength;
        streamOffset = newStreamOffset;
    }

    @Nullable
    Chunk first() {
        return first;
    }

    long frameLength() {
        return frameLength;
    }

    /**
     * Returns whether any byte of the message is among the first so many bytes of the stream.
     *
     * @param passedBytes the length of what has been written
     * @return true if the peer may have seen some of it
     */
    public boolean isWritten(long passedBytes) {
        return streamOffset < passedBytes;
    }

    /**
     * Returns whether the completion need not wait for other callbacks.
     *
     * @return true if it runs no code of the application's
     */
    public boolean isDirect() {
        return direct;
    }

    /**
     * Returns who wants to hear.
     *
     * @return the completion, to be called once
     */
    public SendCompletion completion() {
        return completion;
    }

    @Override
    public ByteBuffer buffer() {
        return NOTHING;
    }

    @Override
    public void release() {
        throw new IllegalStateException("the sender has not heard what became of its message");
    }

    /**
     * Releases a chain, but for its markers.
     *
     * @param first its first chunk, or null if it is empty
     * @return the markers in it, as a chain, or null
     */
    static @Nullable Chunk releaseOthers(@Nullable Chunk first) {
        Chunk markers = null;
        Chunk last = null;
        for (Chunk chunk = first; chunk != null; ) {
            Chunk following = chunk.next;
            chunk.next = null;
            if (!(chunk instanceof SentMarker)) {
                chunk.release();
            } else if (last == null) {
                markers = chunk;
                last = chunk;
            } else {
                last.next = chunk;
                last = chunk;
            }
            chunk = following;
        }
        return markers;
    }
}
