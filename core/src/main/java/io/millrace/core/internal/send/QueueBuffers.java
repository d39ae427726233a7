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

/** Leases and fills the buffers that messages are copied into. */
final class QueueBuffers {
    private QueueBuffers() {}

    /** Leases a chain of buffers of a usual size, all or none. */
    static @Nullable PooledBuffer tryChain(BufferPool buffers, long bytes, int usualBytes) {
        PooledBuffer first = null;
        PooledBuffer last = null;
        for (long missing = bytes; missing > 0; ) {
            int wanted = (int) Math.min(Math.max(missing, usualBytes), SendQueue.CHUNK_BYTES);
            PooledBuffer added = tryOne(buffers, wanted);
            if (added == null) {
                Chunk.releaseAll(first);
                return null;
            }
            if (last == null) {
                first = added;
            } else {
                last.next = added;
            }
            last = added;
            missing -= added.capacity();
        }
        return first;
    }

    /** Leases one buffer that holds so many bytes, and more if that is usual. */
    static @Nullable PooledBuffer tryWhole(BufferPool buffers, int bytes, int usualBytes) {
        PooledBuffer leased = buffers.tryAcquire(Math.max(bytes, usualBytes));
        return leased != null || bytes >= usualBytes ? leased : buffers.tryAcquire(bytes);
    }

    /** Leases a buffer of the wanted size, or of the next smaller one that is left. */
    private static @Nullable PooledBuffer tryOne(BufferPool buffers, int wanted) {
        PooledBuffer leased = buffers.tryAcquire(wanted);
        for (int less = wanted; leased == null && less > BufferPool.SMALLEST_BYTES; ) {
            less = Math.max(less / 2, BufferPool.SMALLEST_BYTES);
            leased = buffers.tryAcquire(less);
        }
        return leased;
    }

    /** Copies a payload into a chain; returns the buffer in which it ends. */
    static PooledBuffer copy(ByteBuffer payload, PooledBuffer firstOut) {
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
                out = following(out);
            }
        }
        return out;
    }

    /**
     * Puts a header in front of a message that is sent on, in the place of the one that it came with. The message then
     * begins with it.
     *
     * @return false if it does not fit there; nothing was written then
     */
    static boolean tryPutHeader(
            FrameEncoder encoder, FrameKind kind, long token, SharedSlice message, int headerLength) {
        if (headerLength > message.room()) {
            return false;
        }
        ByteBuffer out = message.buffer();
        int length = out.remaining();
        int start = out.position() - headerLength;
        // The room in front of the slice is its own: nobody reads the old header any more.
        out.position(start).order(ByteOrder.BIG_ENDIAN);
        encoder.putHeader(out, kind, token, length);
        out.position(start);
        return true;
    }

    /** Returns how long a frame is. */
    static int frameLength(FrameEncoder encoder, FrameKind kind, int payloadLength) {
        return headerLength(encoder, kind, payloadLength) + payloadLength + trailerLength(encoder);
    }

    /** Returns the buffer behind another one of the same frame. */
    static PooledBuffer following(PooledBuffer buffer) {
        if (buffer.next instanceof PooledBuffer pooled) {
            return pooled;
        }
        throw new IllegalStateException("send queue leased too little");
    }

    static int headerLength(FrameEncoder encoder, FrameKind kind, int payloadLength) {
        return requireSurround("headerLength", encoder.headerLength(kind, payloadLength));
    }

    static int trailerLength(FrameEncoder encoder) {
        return requireSurround("trailerLength", encoder.trailerLength());
    }

    /** An encoder that a user has written may be wrong; every buffer has room for what is allowed. */
    private static int requireSurround(String property, int bytes) {
        if (bytes < 0 || bytes > FrameEncoder.MAX_SURROUND_BYTES) {
            throw new IllegalStateException(property + " of the encoder is " + bytes + "; it must be from 0 to "
                    + FrameEncoder.MAX_SURROUND_BYTES);
        }
        return bytes;
    }
}
