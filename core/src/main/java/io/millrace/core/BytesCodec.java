package io.millrace.core;

import java.nio.ByteBuffer;

/** Payloads as arrays: copied when received, wrapped when sent. */
enum BytesCodec implements Codec<byte[]> {
    INSTANCE;

    @Override
    public byte[] decode(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        return bytes;
    }

    @Override
    public ByteBuffer encode(byte[] message) {
        return ByteBuffer.wrap(message);
    }

    @Override
    public String toString() {
        return "bytes()";
    }
}
