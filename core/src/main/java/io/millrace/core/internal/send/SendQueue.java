package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The bytes of one session that wait to be written, in order. */
final class SendQueue extends FrameChain {
    /*
     *      head ................................................................................. tail
     *      | sealed, being written | sealed: transferred | source | kept place | filled | filled, open |
     *
     *      urgent ...........
     *      | control frames |
     *
     * Messages are appended (FrameChain); take() seals what goes into the next write; what has been written is
     * released. So an idle session holds no send buffer. A source stands for bytes that are brought in chunk by chunk,
     * when their turn has come; a kept place is one for the buffer that is out (GatheringChain).
     *
     * Control frames wait apart, and go in front of the first frame of which nothing is on its way. So that there is
     * such a place soon, a short frame is never spread over two chunks.
     *
     * Whatever leaves the chain is handed out to be released, because a release may call application code.
     *
     * Not thread-safe: guarded by its own monitor, which writer and intake take.
     */

    /** How many chunks one write may draw from sources: what is drawn holds memory until it has been written. */
    private static final int DRAWN_PER_WRITE = 4;

    // Guarded by the queue.
    private @Nullable Chunk urgent;

    SendQueue(BufferPool buffers) {
        super(buffers);
    }

    /** Returns whether there is anything to be taken or taken out: bytes, or messages without any. */
    boolean hasItems() {
        return head != null || urgent != null;
    }

    /** Returns whether there is anything to be taken now: not if all waits behind a buffer that is out. */
    boolean canTake() {
        return hasItems() && (urgent != null || !(head instanceof KeptPlace kept && kept.isOut()));
    }

    /**
     * Appends a control frame, which goes first.
     *
     * @return false if the pool has not enough memory; nothing was appended then
     */
    boolean tryAppendUrgent(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer payload) {
        // Behind a buffer that is out it would have to wait.
        if (!hasItems() && !isTakenOut()) {
            boolean appended = tryAppend(encoder, kind, token, payload);
            if (head != null) {
                head.goesFirst = true;
            }
            return appended;
        }
        int headerLength = QueueBuffers.headerLength(encoder, kind, payload.remaining());
        int frameLength = headerLength + payload.remaining() + QueueBuffers.trailerLength(encoder);
        PooledBuffer alone = buffers.tryAcquire(frameLength);
        if (alone == null) {
            return false;
        }
        try {
            encoder.putHeader(alone.buffer(), kind, token, payload.remaining());
            QueueBuffers.copy(payload, alone);
            encoder.putTrailer(alone.buffer());
        } catch (RuntimeException | Error broken) {
            alone.release();
            throw broken;
        }
        alone.seal();
        alone.startsFrame = true;
        alone.goesFirst = true;
        if (urgent == null) {
            urgent = alone;
        } else {
            last(urgent).next = alone;
        }
        // The next frame begins a chunk, so that there is a place for this one in front of it.
        sealTail();
        count(frameLength);
        return true;
    }

    /**
     * Takes a message out again that has chunks of its own.
     *
     * @return its chunks, to be released; or null if any of it is on its way
     */
    @Nullable
    Chunk tryRemove(SentMarker marker) {
        Chunk first = marker.first();
        if (first == null || !first.startsFrame || !tryUnlink(first, marker)) {
            return null;
        }
        count(-marker.frameLength());
        return first;
    }

    /** Puts back a buffer that was taken out, and counts what has been put into it meanwhile. */
    void putBack(PooledBuffer buffer, long addedBytes) {
        putBack(buffer);
        count(addedBytes);
    }

    /** Seals the one buffer of the next write, or returns null if there may be several, or none. */
    @Nullable
    ByteBuffer takeOnly() {
        Chunk only = head;
        if (only == null || only.next != null || urgent != null) {
            return null;
        }
        if (only.sealed && !only.buffer().hasRemaining()) {
            // A source, or a marker: they have no bytes of their own.
            return null;
        }
        only.seal();
        only.startsFrame = false;
        ByteBuffer buffer = only.buffer();
        expect(buffer.remaining());
        return buffer;
    }

    /**
     * Seals the buffers of the next write and lists them.
     *
     * @return how many were put into the list; 0 if a source has nothing yet, or no message that waits has any bytes
     */
    int take(ByteBuffer[] list) {
        admitUrgent();
        Chunk before = null;
        Chunk chunk = head;
        int count = 0;
        int drawn = 0;
        long bytes = 0;
        while (chunk != null && count < IoContext.GATHER_LIMIT) {
            if (chunk instanceof Source source && !source.isExhausted()) {
                Chunk content = drawn < DRAWN_PER_WRITE ? source.draw(buffers) : null;
                if (content == null) {
                    break;
                }
                drawn++;
                // The rest of the frame is in the source, so nothing goes between the two.
                source.startsFrame = false;
                insert(before, content);
                chunk = content;
            }
            chunk.seal();
            chunk.startsFrame = false;
            int remaining = chunk.buffer().remaining();
            if (remaining > 0) {
                bytes += remaining;
                list[count++] = chunk.buffer();
            }
            before = chunk;
            chunk = chunk.next;
        }
        expect(bytes);
        return count;
    }

    /** Puts the control frames in front of the first other frame of which nothing is on its way. */
    private void admitUrgent() {
        Chunk first = urgent;
        if (first == null) {
            return;
        }
        Chunk before = null;
        Chunk at = head;
        while (at != null && (!at.startsFrame || at.goesFirst)) {
            before = at;
            at = at.next;
        }
        urgent = null;
        insert(before, first);
    }

    /** Returns the first file in the queue that should be read from now, or null. */
    @Nullable
    FileSource fileToRead() {
        for (Chunk chunk = head; chunk != null; chunk = chunk.next) {
            if (chunk instanceof FileSource file && !file.isExhausted()) {
                return file.wantsReading() ? file : null;
            }
        }
        return null;
    }

    /**
     * Takes out what a write has emptied.
     *
     * @return a chain to be released, or null
     */
    @Nullable
    Chunk written(long bytes) {
        count(-bytes);
        return takeEmptied();
    }

    /** Gives back what has been written, and tells those who want to know. Takes the lock where it is needed. */
    void giveBack(Chunk first, Sender sender, IoContext context) {
        for (Chunk chunk = first; chunk != null; ) {
            Chunk following = chunk.next;
            chunk.next = null;
            if (chunk instanceof SentMarker marker) {
                sender.sent(marker);
            } else if (chunk instanceof FileSource.FileChunk part) {
                synchronized (this) {
                    part.source().recycle(part);
                }
            } else {
                if (chunk instanceof TransferredChunk) {
                    // An idle session must not keep what is the application's again.
                    context.clearGather();
                }
                chunk.release();
            }
            chunk = following;
        }
    }

    /**
     * Takes out everything. No write may be in flight.
     *
     * @return a chain to be released, or null
     */
    @Nullable
    Chunk clear() {
        if (urgent != null) {
            link(urgent);
            urgent = null;
        }
        Chunk all = head;
        head = null;
        tail = null;
        count(-queuedBytes());
        return all;
    }
}
