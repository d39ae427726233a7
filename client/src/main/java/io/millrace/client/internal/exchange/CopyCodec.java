package io.millrace.client.internal.exchange;

import io.millrace.core.Codec;
import java.nio.ByteBuffer;

/** Replies as they are: a copy on the heap, which is the caller's. */
enum CopyCodec implements Codec<ByteBuffer> {
    INSTANCE;

    @Override
    public ByteBuffer decode(ByteBuffer message) {
        return ByteBuffer.allocate(message.remaining()).put(message).flip();
    }

    @Override
    public ByteBuffer encode(ByteBuffer message) {
        return message;
    }

    /** Copies a payload that is borrowed, so that it can be sent later, or again. */
    static ByteBuffer copy(ByteBuffer borrowed) {
        return INSTANCE.decode(borrowed.duplicate());
    }
}
