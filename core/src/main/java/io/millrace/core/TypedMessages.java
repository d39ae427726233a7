package io.millrace.core;

import java.nio.ByteBuffer;
import java.util.Objects;

/** Brings decoded messages to a handler that takes them. */
final class TypedMessages<M> implements MessageHandler {
    private final Codec<M> codec;
    private final TypedHandler<? super M> handler;

    /**
     * Joins a codec and a handler.
     *
     * @param codec what decodes
     * @param handler what takes the decoded messages
     */
    TypedMessages(Codec<M> codec, TypedHandler<? super M> handler) {
        this.codec = Objects.requireNonNull(codec, "codec");
        this.handler = Objects.requireNonNull(handler, "handler");
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws Exception {
        M decoded = codec.decode(message);
        if (decoded == null) {
            throw new IllegalStateException("decode of " + codec + " returned null");
        }
        handler.onMessage(session, decoded);
    }
}
