package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.memory.SharedSlice;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The bytes of one session that wait to be written, in order. */
final class SendQueue extends GatheringChain {
    /*
     *      head ................................................................. tail
     *      | sealed, being written | sealed: transferred | source | filled | filled, open |
     *
     *      urgent ...........
     *      | control frames |
     *
     * A message is appended to the open tail, and to freshly leased buffers behind it: all of it or, when the pool
     * has no more, nothing. take() seals what goes into the next write; what has been written is released. So an idle
     * session holds no send buffer. A source stands for bytes that are brought in chunk by chunk, when their turn has
     * come.
     *
     * Control frames wait apart, and go in front of the first frame of which nothing is on its way. So that there is
     * such a place soon, a short frame is never spread over two chunks.
     *
     * Whatever leaves the chain is handed out to be released, because a release may call application code.
     *
     * Not thread-safe: guarded by the SendLoop.
     */
    static final int CHUNK_BYTES = 64 << 10;

    /** Frames up to this length, in bytes, lie in one chunk; what that leaves free in the chunk before is not sent. */
    private static final int WHOLE_FRAME_BYTES = CHUNK_BYTES / 8;

    /** How many chunks one write may draw from sources. */
    private static final int DRAWN_PER_WRITE = 4;

    private final BufferPool buffers;

    // All guarded by the send loop.
    private @Nullable Chunk urgent;
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    private long queuedBytes;

    SendQueue(BufferPool buffers) {
        this.buffers = buffers;
    }

    long queuedBytes() {
        return queuedBytes;
    }

    boolean isEmpty() {
        return queuedBytes == 0;
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
     * Appends a frame, copying its payload.
     *
     * @return false if the pool has not enough memory; nothing was appended then
     */
    boolean tryAppend(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer payload) {
        // Where messages are sent from where they are, each of the others may end up alone in its buffer.
        boolean isBetween = tail instanceof TransferredChunk || tail instanceof SharedSlice;
        return tryAppend(encoder, kind, token, payload, isBetween ? BufferPool.SMALLEST_BYTES : usualBytes);
    }

    private boolean tryAppend(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer payload, int leaseBytes) {
        keepPlaceIfOut();
        int payloadLength = payload.remaining();
        int headerLength = QueueBuffers.headerLength(encoder, kind, payloadLength);
        int trailerLength = QueueBuffers.trailerLength(encoder);
        long frameLength = (long) headerLength + payloadLength + trailerLength;
        if (frameLength == 0) {
            return true;
        }
        Chunk before = tail;
        PooledBuffer first = bufferFor(frameLength, headerLength, trailerLength, leaseBytes);
        if (first == null) {
            return false;
        }
        int start = first.buffer().position();
        try {
            encoder.putHeader(first.buffer().order(ByteOrder.BIG_ENDIAN), kind, token, payloadLength);
            PooledBuffer out = QueueBuffers.copy(payload, first);
            if (trailerLength > 0) {
                // A trailer is not split; what it leaves free in this buffer is simply not sent.
                out = out.buffer().remaining() >= trailerLength ? out : QueueBuffers.following(out);
                encoder.putTrailer(out.buffer());
            }
        } catch (RuntimeException | Error broken) {
            takeBack(before, first, start);
            throw broken;
        }
        queuedBytes += frameLength;
        return true;
    }

    /**
     * Appends a frame whose payload, or the rest of it, is sent from where it is.
     *
     * @param lead borrowed: the first bytes of the payload, copied; may be empty
     * @param body the rest; the queue's own if this returns true
     * @param bodyLength how many bytes the body has
     * @return false if the pool has not enough memory; nothing was appended then
     */
    boolean tryAppend(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer lead, Chunk body, long bodyLength) {
        keepPlaceIfOut();
        int payloadLength = (int) Math.min(lead.remaining() + bodyLength, Integer.MAX_VALUE);
        int headerLength = QueueBuffers.headerLength(encoder, kind, payloadLength);
        int trailerLength = QueueBuffers.trailerLength(encoder);
        int copiedLength = headerLength + lead.remaining();
        if (body instanceof SharedSlice slice && copiedLength == headerLength && trailerLength == 0) {
            if (QueueBuffers.tryPutHeader(encoder, kind, token, slice, headerLength)) {
                queuedBytes += headerLength + bodyLength;
                slice.startsFrame = true;
                linkOrJoin(slice);
                return true;
            }
        }
        PooledBuffer trailer = trailerLength == 0 ? null : buffers.tryAcquire(trailerLength);
        if (trailer == null && trailerLength > 0) {
            return false;
        }
        Chunk before = tail;
        // Nothing else will go into this buffer, so it need not have more room than is needed.
        PooledBuffer out =
                copiedLength == 0 ? null : bufferFor(copiedLength, headerLength, 0, BufferPool.SMALLEST_BYTES);
        if (out == null && copiedLength > 0) {
            Chunk.releaseAll(trailer);
            return false;
        }
        int start = out == null ? 0 : out.buffer().position();
        try {
            if (out != null) {
                encoder.putHeader(out.buffer().order(ByteOrder.BIG_ENDIAN), kind, token, payloadLength);
                QueueBuffers.copy(lead, out);
            }
            if (trailer != null) {
                encoder.putTrailer(trailer.buffer());
            }
        } catch (RuntimeException | Error broken) {
            Chunk.releaseAll(trailer);
            takeBack(before, out, start);
            throw broken;
        }
        queuedBytes += copiedLength + bodyLength + trailerLength;
        body.startsFrame = out == null;
        link(body);
        if (trailer != null) {
            link(trailer);
        }
        return true;
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
        queuedBytes += frameLength;
        return true;
    }

    /**
     * Appends a frame in chunks of its own, and what hears that it has been written.
     *
     * @param streamOffset how many bytes were accepted before it
     * @return false if the pool has not enough memory; nothing was appended then
     */
    boolean tryAppend(FrameEncoder encoder, FrameKind kind, ByteBuffer payload, SentMarker marker, long streamOffset) {
        keepPlaceIfOut();
        sealTail();
        Chunk before = tail;
        long bytesBefore = queuedBytes;
        boolean appended = tryAppend(encoder, kind, 0, payload, BufferPool.SMALLEST_BYTES);
        if (!appended) {
            return false;
        }
        marker.place(before == null ? head : before.next, queuedBytes - bytesBefore, streamOffset);
        link(marker);
        return true;
    }

    /** Appends a whole frame that lies in chunks of its own. */
    void append(Chunk first, long frameLength) {
        keepPlaceIfOut();
        first.startsFrame = true;
        link(first);
        queuedBytes += frameLength;
    }

    /** Appends what hears that everything in front of it has been written. */
    void append(SentMarker marker, long streamOffset) {
        keepPlaceIfOut();
        marker.place(null, 0, streamOffset);
        link(marker);
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
        queuedBytes -= marker.frameLength();
        return first;
    }

    /** Takes back what there is of a frame whose encoder has thrown, so that the next one does not follow half of it. */
    private void takeBack(@Nullable Chunk before, @Nullable PooledBuffer first, int start) {
        if (first != null && first == before) {
            first.buffer().position(start);
        }
        Chunk.releaseAll(cutBehind(before));
    }

    /** Returns the buffer where the frame begins, followed by enough others for all of it; or null. */
    private @Nullable PooledBuffer bufferFor(long frameLength, int headerLength, int trailerLength, int leaseBytes) {
        PooledBuffer open = tail instanceof PooledBuffer pooled && !pooled.sealed ? pooled : null;
        int room = open == null ? 0 : open.buffer().remaining();
        if (open != null && room >= frameLength) {
            return open;
        }
        boolean isShort = frameLength <= WHOLE_FRAME_BYTES;
        boolean beginsHere = open != null && room >= headerLength && !isShort;
        PooledBuffer added = isShort ? QueueBuffers.tryWhole(buffers, (int) frameLength, leaseBytes) : null;
        if (added == null) {
            added = QueueBuffers.tryChain(buffers, frameLength + trailerLength - (beginsHere ? room : 0), leaseBytes);
        }
        if (added == null) {
            return null;
        }
        added.startsFrame = !beginsHere;
        link(added);
        return beginsHere ? open : added;
    }

    /** Puts back a buffer that was taken out, with what has been put into it meanwhile. */
    void putBack(PooledBuffer buffer, long addedBytes) {
        putBack(buffer);
        queuedBytes += addedBytes;
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
        usualBytes = Math.min(buffer.remaining(), CHUNK_BYTES);
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
        usualBytes = (int) Math.min(bytes, CHUNK_BYTES);
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
        queuedBytes -= bytes;
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
        queuedBytes = 0;
        return all;
    }
}
