package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way into the queues of many sessions, framed once for all whose frames are the same.
 *
 * <p>Threading: Confined to the thread that sends it.
 *
 * <p>Lifecycle: {@link #release()} when every queue has it.
 */
public final class SharedMessage {
    /*
     * Nearly always all sessions share one frame. Some may have been upgraded to other protocols, and an encoder may
     * serve one session only: so a few frames are kept, and whoever finds neither its own nor room for one has its
     * message framed for itself, as an ordinary send does.
     *
     * A frame is encoded inside the queue of the first session that needs it, since its encoder must not be called
     * twice at the same time; others need no encoder any more.
     */

    /** How many different frames of one message are shared. */
    static final int MOST_FRAMES = 4;

    private final ByteBuffer payload;
    private final BufferPool buffers;
    private final List<SharedFrame> frames = new ArrayList<>(1);
    private @Nullable Object checkedKey;

    /**
     * Begins to send a message.
     *
     * @param payload borrowed until all queues have it
     * @param buffers where frames are made
     */
    public SharedMessage(ByteBuffer payload, BufferPool buffers) {
        this.payload = payload;
        this.buffers = buffers;
    }

    int payloadLength() {
        return payload.remaining();
    }

    /** Refuses what frames of one kind cannot carry, so that it is not looked at again. */
    void check(FrameEncoder encoder) {
        encoder.check(payload);
        checkedKey = encoder.sharingKey();
    }

    /**
     * Appends the message to a queue, which guards this call.
     *
     * @return false if the pool has not enough memory; nothing was appended then
     * @throws IllegalArgumentException if this encoder's frames cannot carry it
     */
    boolean tryAppendTo(SendQueue queue, FrameEncoder encoder) {
        Object key = encoder.sharingKey();
        SharedFrame frame = key == null ? null : frameOf(key);
        if (frame == null) {
            if (key == null || key != checkedKey) {
                encoder.check(payload);
            }
            if (key == null || frames.size() == MOST_FRAMES) {
                return queue.tryAppend(encoder, FrameKind.MESSAGE, 0, payload);
            }
            frame = SharedFrame.tryEncode(encoder, key, payload, buffers);
            if (frame == null) {
                return false;
            }
            frames.add(frame);
        }
        frame.appendTo(queue);
        return true;
    }

    private @Nullable SharedFrame frameOf(Object key) {
        // By index: this is done for every session.
        for (int i = 0; i < frames.size(); i++) {
            SharedFrame frame = frames.get(i);
            if (frame.key() == key) {
                return frame;
            }
        }
        return null;
    }

    /** Lets the frames go, which live on in the queues that have not written them. */
    public void release() {
        frames.forEach(SharedFrame::run);
        frames.clear();
    }
}
