package io.millrace.core.protocol;

import java.nio.ByteBuffer;

/** Frames that all have one length, and nothing around them. */
final class FixedProtocol implements Protocol, FrameEncoder, FrameDecoder {
    private final int bytes;

    FixedProtocol(int bytes) {
        if (bytes < 1 || bytes > PrefixHandler.LARGEST_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "fixed length is " + bytes + "; it must be from 1 to " + PrefixHandler.LARGEST_PAYLOAD_BYTES);
        }
        this.bytes = bytes;
    }

    @Override
    public FrameDecoder newDecoder(Side side) {
        // There is nothing to remember.
        return this;
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return this;
    }

    @Override
    public int frameLength(ByteBuffer in) {
        return bytes;
    }

    @Override
    public int payloadOffset() {
        return 0;
    }

    @Override
    public int payloadLength() {
        return bytes;
    }

    @Override
    public void check(ByteBuffer payload) {
        checkLength(payload.remaining());
    }

    @Override
    public void checkLength(long payloadLength) {
        if (payloadLength != bytes) {
            throw new IllegalArgumentException(
                    "message has " + payloadLength + " bytes; each must have exactly " + bytes);
        }
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
        return "fixed(" + bytes + ")";
    }
}
