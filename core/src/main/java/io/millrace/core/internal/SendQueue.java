package io.millrace.core.internal;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The bytes of one session that wait to be written, in order, in leased buffers. */
final class SendQueue {
    /*
     *      head ........................................ tail
     *      | sealed, being written | filled | filled, open |
     *
     * A message is appended to the open tail, and to freshly leased buffers behind it: all of it or, when the pool
     * has no more, nothing. take() seals what goes into the next write; what has been written is released. So an idle
     * session holds no send buffer.
     *
     * Not thread-safe: guarded by the SendLoop.
     */
    static final int CHUNK_BYTES = 64 << 10;

    private final BufferPool buffers;

    // All guarded by the send loop.
    private @Nullable PooledBuffer head;
    private @Nullable PooledBuffer tail;
    private boolean tailSealed;
    private int sealedCount;
    private long queuedBytes;
    private int usualBytes = BufferPool.SMALLEST_BYTES;

    SendQueue(BufferPool buffers) {
        this.buffers = buffers;
    }

    long queuedBytes() {
        return queuedBytes;
    }

    boolean isEmpty() {
        return queuedBytes == 0;
    }

    /**
     * Appends a frame.
     *
     * @return false if the pool has not enough memory; nothing was appended then
     */
    boolean tryAppend(FrameEncoder encoder, FrameKind kind, long token, ByteBuffer payload) {
        int payloadLength = payload.remaining();
        int headerLength = encoder.headerLength(kind, payloadLength);
        int trailerLength = encoder.trailerLength();
        long frameLength = (long) headerLength + payloadLength + trailerLength;
        if (frameLength == 0) {
            return true;
        }
        PooledBuffer out = bufferFor(frameLength, headerLength, trailerLength);
        if (out == null) {
            return false;
        }
        encoder.putHeader(out.buffer().order(ByteOrder.BIG_ENDIAN), kind, token, payloadLength);
        out = copy(payload, out);
        if (trailerLength > 0) {
            // A trailer is not split; what it leaves free in this buffer is simply not sent.
            out = out.buffer().remaining() >= trailerLength ? out : nextOf(out);
            encoder.putTrailer(out.buffer());
        }
        queuedBytes += frameLength;
        return true;
    }

    /** Returns the buffer where the frame begins, followed by enough others for all of it; or null. */
    private @Nullable PooledBuffer bufferFor(long frameLength, int headerLength, int trailerLength) {
        PooledBuffer open = tailSealed ? null : tail;
        int room = open == null ? 0 : open.buffer().remaining();
        if (open != null && room >= frameLength) {
            return open;
        }
        boolean headerFits = open != null && room >= headerLength;
        PooledBuffer added = tryLease(frameLength + trailerLength - (headerFits ? room : 0));
        if (added == null) {
            return null;
        }
        link(added);
        return headerFits ? open : added;
    }

    /** Leases a chain of buffers, all or none. */
    private @Nullable PooledBuffer tryLease(long bytes) {
        PooledBuffer first = null;
        PooledBuffer last = null;
        for (long missing = bytes; missing > 0; ) {
            PooledBuffer next = tryLeaseOne((int) Math.min(Math.max(missing, usualBytes), CHUNK_BYTES));
            if (next == null) {
                releaseChain(first);
                return null;
            }
            if (last == null) {
                first = next;
            } else {
                last.next = next;
            }
            last = next;
            missing -= next.capacity();
        }
        return first;
    }

    /** Leases a buffer of the wanted size, or of the next smaller one that is left. */
    private @Nullable PooledBuffer tryLeaseOne(int wanted) {
        PooledBuffer leased = buffers.tryAcquire(wanted);
        for (int less = wanted; leased == null && less > BufferPool.SMALLEST_BYTES; ) {
            less = Math.max(less / 2, BufferPool.SMALLEST_BYTES);
            leased = buffers.tryAcquire(less);
        }
        return leased;
    }

    private void link(PooledBuffer added) {
        if (tail == null) {
            head = added;
        } else {
            tail.next = added;
        }
        PooledBuffer last = added;
        while (last.next != null) {
            last = last.next;
        }
        tail = last;
        tailSealed = false;
    }

    /** Copies a payload into a chain; returns the buffer in which it ends. */
    private static PooledBuffer copy(ByteBuffer payload, PooledBuffer firstOut) {
        int from = payload.position();
        int end = payload.limit();
        PooledBuffer out = firstOut;
        while (from < end) {
            ByteBuffer to = out.buffer();
            int count = Math.min(end - from, to.remaining());
            to.put(to.position(), payload, from, count);
            to.position(to.position() + count);
            from += count;
            if (from < end) {
                out = nextOf(out);
            }
        }
        return out;
    }

    /** Seals the one buffer of the next write, or returns null if there are more than one. */
    @Nullable
    ByteBuffer takeOnly() {
        PooledBuffer only = head;
        if (only == null || only != tail) {
            return null;
        }
        ByteBuffer buffer = only.buffer();
        if (sealedCount == 0) {
            buffer.flip();
            sealedCount = 1;
            tailSealed = true;
            usualBytes = Math.min(buffer.remaining(), CHUNK_BYTES);
        }
        return buffer;
    }

    /**
     * Seals the buffers of the next write and lists them.
     *
     * @return how many were put into the list, at least 1
     */
    int take(ByteBuffer[] list) {
        PooledBuffer next = head;
        int count = 0;
        int bytes = 0;
        while (next != null && count < IoContext.GATHER_LIMIT) {
            ByteBuffer buffer = next.buffer();
            if (count >= sealedCount) {
                buffer.flip();
                sealedCount++;
                tailSealed = next == tail;
            }
            bytes += buffer.remaining();
            list[count++] = buffer;
            next = next.next;
        }
        usualBytes = Math.min(bytes, CHUNK_BYTES);
        return count;
    }

    /** Releases what a write has emptied. */
    void written(long bytes) {
        queuedBytes -= bytes;
        while (sealedCount > 0 && head != null && !head.buffer().hasRemaining()) {
            PooledBuffer empty = head;
            head = empty.next;
            sealedCount--;
            empty.release();
        }
        if (head == null) {
            tail = null;
            tailSealed = false;
        }
    }

    /** Releases everything. No write may be in flight. */
    void clear() {
        releaseChain(head);
        head = null;
        tail = null;
        tailSealed = false;
        sealedCount = 0;
        queuedBytes = 0;
    }

    private static void releaseChain(@Nullable PooledBuffer first) {
        PooledBuffer next = first;
        while (next != null) {
            PooledBuffer following = next.next;
            next.release();
            next = following;
        }
    }

    private static PooledBuffer nextOf(PooledBuffer buffer) {
        PooledBuffer next = buffer.next;
        if (next == null) {
            throw new IllegalStateException("send queue leased too little");
        }
        return next;
    }
}
