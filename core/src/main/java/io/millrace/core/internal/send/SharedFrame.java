package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A frame that has been encoded once and waits in the queues of many sessions. */
final class SharedFrame implements Runnable {
    /*
     * The bytes lie in buffers of the pool, complete from the start and never changed. Each queue has windows of its
     * own on them, with positions of its own. Every window, and whoever encoded the frame, holds one reference; the
     * last one that is let go gives the buffers back. A queue lets go what it has written, and what it drops.
     *
     * A short frame is copied into a queue instead: that costs less than a window, its bytes go out together with
     * their neighbours, and a peer that does not read costs no more memory than its limit allows in any case.
     */

    /**
     * Frames up to this length, in bytes, are copied. Measured with eight messages behind each other in thousands of
     * queues: up to 256 bytes a copy costs half of what a window does, at 512 they cost the same, at 1,024 a window
     * costs a fifth of the copy.
     */
    static final int COPY_BYTES = 256;

    /** Puts nothing around what it sends: for bytes that are a whole frame already. */
    private static final FrameEncoder AS_IT_IS = Protocol.raw().newEncoder(Side.SERVER);

    private final Object key;
    private final @Nullable Chunk first;
    private final long length;
    private final AtomicInteger references = new AtomicInteger(1);

    private SharedFrame(Object key, @Nullable Chunk first, long length) {
        this.key = key;
        this.first = first;
        this.length = length;
    }

    /**
     * Encodes a message that has been checked. Guarded by the queue of a session that the encoder belongs to.
     *
     * @return the frame, with one reference, which the caller holds; or null if the pool has not enough memory
     */
    static @Nullable SharedFrame tryEncode(FrameEncoder encoder, Object key, ByteBuffer payload, BufferPool buffers) {
        SendQueue encoded = new SendQueue(buffers);
        boolean complete = false;
        try {
            complete = encoded.tryAppend(encoder, FrameKind.MESSAGE, 0, payload);
        } finally {
            if (!complete) {
                // Without memory, or because the encoder threw.
                Chunk.releaseAll(encoded.clear());
            }
        }
        if (!complete) {
            return null;
        }
        long length = encoded.queuedBytes();
        Chunk first = encoded.clear();
        for (Chunk chunk = first; chunk != null; chunk = chunk.next) {
            chunk.seal();
        }
        return new SharedFrame(key, first, length);
    }

    Object key() {
        return key;
    }

    /** Appends the frame to a queue, which guards this call. */
    void appendTo(SendQueue queue) {
        Chunk only = first;
        if (only == null) {
            // An empty message on a bare stream.
            return;
        }
        boolean isShort = only.next == null && length <= COPY_BYTES;
        if (isShort && queue.tryAppend(AS_IT_IS, FrameKind.MESSAGE, 0, only.buffer())) {
            return;
        }
        Chunk windows = null;
        Chunk last = null;
        for (Chunk chunk = only; chunk != null; chunk = chunk.next) {
            references.incrementAndGet();
            Chunk window = new TransferredChunk(chunk.buffer().duplicate(), this);
            if (last == null) {
                windows = window;
            } else {
                last.next = window;
            }
            last = window;
        }
        if (windows != null) {
            queue.append(windows, length);
        }
    }

    /** Lets go one reference. */
    @Override
    public void run() {
        if (references.decrementAndGet() == 0) {
            Chunk.releaseAll(first);
        }
    }
}
