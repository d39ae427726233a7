package io.millrace.client;

import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;

/** Frames of the Millrace protocol as they are on the wire, made without the code that is tested. */
final class RawFrames {
    static final byte REQUEST = 1;
    static final byte REPLY = 2;
    static final byte ERROR = 3;
    static final byte DRAIN = 6;

    private static final int CODE_AT = Byte.BYTES + Long.BYTES;

    private RawFrames() {}

    static byte[] request(long token, byte... payload) {
        return RawPeer.frame(ByteBuffer.allocate(Byte.BYTES + Long.BYTES + payload.length)
                .put(REQUEST)
                .putLong(token)
                .put(payload)
                .array());
    }

    static byte[] reply(long token, byte... payload) {
        byte[] frame = request(token, payload);
        frame[Integer.BYTES] = REPLY;
        return frame;
    }

    static byte[] error(long token, int code) {
        return RawPeer.frame(ByteBuffer.allocate(Byte.BYTES + Long.BYTES + Short.BYTES)
                .put(ERROR)
                .putLong(token)
                .putShort((short) code)
                .array());
    }

    static byte[] drainNotice() {
        return RawPeer.frame(DRAIN, (byte) 0, (byte) 2, (byte) 0);
    }

    static byte[] repeated(byte[] frame, int times) {
        ByteBuffer all = ByteBuffer.allocate(times * frame.length);
        while (all.hasRemaining()) {
            all.put(frame);
        }
        return all.array();
    }

    static byte kindOf(byte[] received) {
        return received[0];
    }

    static long tokenOf(byte[] received) {
        return ByteBuffer.wrap(received).getLong(Byte.BYTES);
    }

    static int errorCodeOf(byte[] received) {
        return ByteBuffer.wrap(received).getShort(CODE_AT);
    }
}
