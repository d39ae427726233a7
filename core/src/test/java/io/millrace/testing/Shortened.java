package io.millrace.testing;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A list of buffers of which an operation may use only so many bytes: one of them has its limit moved down, and gets
 * it back when the operation has completed.
 *
 * <p>Threading: Not thread-safe; an operation owns its buffers until it completes, so nobody else looks at them.
 */
final class Shortened {
    private final int length;
    private final @Nullable ByteBuffer cut;
    private final int limit;

    private Shortened(int length, @Nullable ByteBuffer cut, int limit) {
        this.length = length;
        this.cut = cut;
        this.limit = limit;
    }

    /** Shortens what remains in the buffers to at most so many bytes, at least one. */
    static Shortened to(int bytes, ByteBuffer[] buffers, int offset, int length) {
        int left = bytes;
        for (int i = 0; i < length; i++) {
            ByteBuffer buffer = buffers[offset + i];
            if (buffer.remaining() >= left) {
                int limit = buffer.limit();
                buffer.limit(buffer.position() + left);
                return new Shortened(i + 1, buffer, limit);
            }
            left -= buffer.remaining();
        }
        return new Shortened(length, null, 0);
    }

    /** Returns how many of the buffers the operation may use. */
    int length() {
        return length;
    }

    void restore() {
        if (cut != null) {
            cut.limit(limit);
        }
    }
}
