package io.millrace.core.protocol;

import java.nio.ByteBuffer;

/** The bare stream: no frames, so a message is whatever one read brought. */
enum RawProtocol implements Protocol, FrameEncoder {
    INSTANCE;

    @Override
    public FrameDecoder newDecoder(Side side) {
        return new FrameDecoder() {
            // Confined to the session.
            private int length;

            @Override
            public int frameLength(ByteBuffer in) {
                length = in.remaining();
                return length;
            }

            @Override
            public int payloadOffset() {
                return 0;
            }

            @Override
            public int payloadLength() {
                return length;
            }
        };
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return this;
    }

    @Override
    public Pairing pairing() {
        return Pairing.NONE;
    }

    @Override
    public void check(ByteBuffer payload) {
        // Any bytes are fine, and none at all send nothing.
    }

    @Override
    public void checkLength(long payloadLength) {
        // A stream has no longest message.
    }

    @Override
    public int headerLength(FrameKind kind, int payloadLength) {
        return 0;
    }

    @Override
    public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
        // There is none.
    }

    @Override
    public String toString() {
        return "raw()";
    }
}
