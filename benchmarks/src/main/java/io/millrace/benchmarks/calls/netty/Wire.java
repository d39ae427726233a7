package io.millrace.benchmarks.calls.netty;

import io.netty.buffer.ByteBuf;

/** A frame: an int32, the bytes that follow it; an int64, the token; the payload. */
final class Wire {
    static final int LENGTH_BYTES = Integer.BYTES;
    static final int TOKEN_BYTES = Long.BYTES;
    static final int HEADER_BYTES = LENGTH_BYTES + TOKEN_BYTES;
    static final int MAX_FRAME_BYTES = 1 << 20;

    private Wire() {}

    static ByteBuf putHeader(ByteBuf out, long token, int payloadBytes) {
        return out.writeInt(TOKEN_BYTES + payloadBytes).writeLong(token);
    }
}
