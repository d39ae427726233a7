package io.millrace.benchmarks.micro;

import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The messages that benchmarks send and receive. */
final class Payloads {
    /** What most benchmarks send, in bytes. */
    static final int SMALL_BYTES = 64;

    private Payloads() {}

    /** Returns a message on the heap, without line ends in it. */
    static ByteBuffer message(int bytes) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 'm');
        return ByteBuffer.wrap(content);
    }

    /** Returns so many frames behind each other in a direct buffer, from 0 to its limit. */
    static ByteBuffer frames(Protocol protocol, int count, int payloadBytes) {
        FrameEncoder encoder = protocol.newEncoder(Side.SERVER);
        int surround = encoder.headerLength(FrameKind.MESSAGE, payloadBytes) + encoder.trailerLength();
        ByteBuffer frames = ByteBuffer.allocateDirect(count * (surround + payloadBytes));
        for (int i = 0; i < count; i++) {
            encoder.putHeader(frames, FrameKind.MESSAGE, 0, payloadBytes);
            frames.put(message(payloadBytes));
            encoder.putTrailer(frames);
        }
        return frames.flip();
    }
}
