package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.memory.SharedSlice;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** A chain that frames are appended to, each of them whole or not at all. */
abstract class FrameChain extends GatheringChain {
    /*
     * A message is appended to the open tail, and to freshly leased buffers behind it: all of it or, when the pool
     * has no more or the encoder throws, nothing.
     *
     *      tail, open          leased for it
     *      | ... header pay | load ... trailer | free |
     *
     * Guarded by the queue.
     */

    /** The largest that a buffer is asked to be, in bytes; longer frames lie in several. */
    static final int CHUNK_BYTES = 64 << 10;

    /**
     * Frames up to this length, in bytes, lie in one chunk, so that a control frame soon finds a place between two of
     * them. What that leaves free in the chunk before is not sent.
     */
    private static final int WHOLE_FRAME_BYTES = CHUNK_BYTES / 8;

    final BufferPool buffers;

    // All guarded by the queue.

    /** The size of the next buffer, as far as frames do not want a larger one. */
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    /** What has been appended and not written, with what is in a buffer that is out. */
    private long queuedBytes;

    FrameChain(BufferPool buffers) {
        this.buffers = buffers;
    }

    final long queuedBytes() {
        return queuedBytes;
    }

    final boolean isEmpty() {
        return queuedBytes == 0;
    }

    /** Counts what has been queued, or written (below 0). */
    final void count(long bytes) {
        queuedBytes += bytes;
    }

    /** Chooses the size of the next buffer: the next burst will be like this one. */
    final void expect(long burstBytes) {
        usualBytes = (int) Math.min(burstBytes, CHUNK_BYTES);
    }

    /**
     * Appends a frame, copying its payload.
     *
     * @param payload borrowed: between position and limit, which do not change
     * @return false if the pool has not enough memory; nothing was appended then
     */
    final boolean tryAppend(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer payload) {
        // Where messages are sent from where they are, each of the others may end up alone in its buffer.
        boolean isBetweenSuch = tail instanceof TransferredChunk || tail instanceof SharedSlice;
        return tryAppend(encoder, kind, token, payload, isBetweenSuch ? BufferPool.SMALLEST_BYTES : usualBytes);
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
     * @param body the rest; transferred if this returns true, otherwise still the caller's
     * @param bodyLength how many bytes the body has
     * @return false if the pool has not enough memory; nothing was appended then
     */
    final boolean tryAppend(
            FrameEncoder encoder, FrameKind kind, long token, ByteBuffer lead, Chunk body, long bodyLength) {
        keepPlaceIfOut();
        int payloadLength = (int) Math.min(lead.remaining() + bodyLength, Integer.MAX_VALUE);
        int headerLength = QueueBuffers.headerLength(encoder, kind, payloadLength);
        int trailerLength = QueueBuffers.trailerLength(encoder);
        int copiedLength = headerLength + lead.remaining();
        if (body instanceof SharedSlice slice
                && !lead.hasRemaining()
                && trailerLength == 0
                && QueueBuffers.tryPutHeader(encoder, kind, token, slice, headerLength)) {
            // The frame is whole where it lies: nothing is copied, and no chunk is needed beside the slice.
            queuedBytes += headerLength + bodyLength;
            slice.startsFrame = true;
            linkOrJoin(slice);
            return true;
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
        // Behind the header: bufferFor has linked that already.
        link(body);
        if (trailer != null) {
            link(trailer);
        }
        return true;
    }

    /**
     * Appends a frame in chunks of its own, and what hears that it has been written.
     *
     * @param streamOffset how many bytes were accepted before it
     * @return false if the pool has not enough memory; nothing was appended then
     */
    final boolean tryAppend(
            FrameEncoder encoder, FrameKind kind, ByteBuffer payload, SentMarker marker, long streamOffset) {
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

    /** Appends a whole frame that lies in chunks of its own; they are transferred. */
    final void append(Chunk first, long frameLength) {
        keepPlaceIfOut();
        first.startsFrame = true;
        link(first);
        queuedBytes += frameLength;
    }

    /** Appends what hears that everything in front of it has been written. */
    final void append(SentMarker marker, long streamOffset) {
        keepPlaceIfOut();
        marker.place(null, 0, streamOffset);
        link(marker);
    }

    /**
     * Takes back what there is of a frame whose encoder has thrown, so that the next one does not follow half of it.
     *
     * @param before what was the tail, or null
     * @param first where the frame begins, or null if nothing was to be copied
     * @param start at which position of that
     */
    private void takeBack(@Nullable Chunk before, @Nullable PooledBuffer first, int start) {
        if (first != null && first == before) {
            // It began in the open buffer, behind other frames.
            first.buffer().position(start);
        }
        Chunk.releaseAll(cutBehind(before));
    }

    /**
     * Links what the pool has to give for a frame, if the open tail has no room for all of it.
     *
     * @return the buffer where the frame begins, followed by enough others for all of it; or null, and nothing is
     *     linked
     */
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
            // The trailer counts twice: it is not split, so it may leave as much free at the end of a buffer.
            added = QueueBuffers.tryChain(buffers, frameLength + trailerLength - (beginsHere ? room : 0), leaseBytes);
        }
        if (added == null) {
            return null;
        }
        added.startsFrame = !beginsHere;
        link(added);
        return beginsHere ? open : added;
    }
}
