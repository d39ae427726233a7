package io.millrace.core.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Does to streams of bytes what the loops of a session do, and checks what a decoder and an encoder owe them. */
final class Frames {
    private Frames() {}

    static Side opposite(Side side) {
        return side == Side.SERVER ? Side.CLIENT : Side.SERVER;
    }

    /** Writes messages, checked or not, as a send queue does. */
    static byte[] encode(FrameEncoder encoder, List<byte[]> messages) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            stream.writeBytes(encode(encoder, FrameKind.MESSAGE, 0, message));
        }
        return stream.toByteArray();
    }

    static byte[] encode(FrameEncoder encoder, FrameKind kind, long token, byte[] message) {
        int header = encoder.headerLength(kind, message.length);
        ByteBuffer frame = ByteBuffer.allocate(header + message.length + encoder.trailerLength());
        encoder.putHeader(frame, kind, token, message.length);
        assertEquals(header, frame.position(), "the header is as long as announced");
        frame.put(message);
        encoder.putTrailer(frame);
        assertEquals(0, frame.remaining(), "the trailer is as long as announced");
        return frame.array();
    }

    /** Reads a stream that arrives in pieces of the given sizes, over and over, as a receive loop does. */
    static List<byte[]> decode(Protocol protocol, Side receiver, byte[] stream, int... pieces)
            throws MalformedFrameException {
        FrameDecoder decoder = protocol.newDecoder(receiver);
        List<byte[]> messages = new ArrayList<>();
        int start = 0;
        int arrived = 0;
        int length = FrameDecoder.UNKNOWN;
        for (int piece = 0; arrived < stream.length; piece++) {
            arrived = Math.min(stream.length, arrived + pieces[piece % pieces.length]);
            while (start < arrived) {
                if (length == FrameDecoder.UNKNOWN) {
                    length = decoder.frameLength(ByteBuffer.wrap(stream, start, arrived - start));
                    requireSense(decoder, length);
                }
                if (length == FrameDecoder.UNKNOWN || arrived - start < length) {
                    break;
                }
                if (decoder.payloadLength() != FrameDecoder.TOO_LONG) {
                    int from = start + decoder.payloadOffset();
                    messages.add(Arrays.copyOfRange(stream, from, from + decoder.payloadLength()));
                }
                start += length;
                length = FrameDecoder.UNKNOWN;
            }
        }
        return messages;
    }

    /** A frame has at least a byte, and its payload is inside it, whatever was sent. */
    private static void requireSense(FrameDecoder decoder, int length) {
        if (length == FrameDecoder.UNKNOWN) {
            return;
        }
        int from = decoder.payloadOffset();
        int bytes = decoder.payloadLength();
        boolean skipped = bytes == FrameDecoder.TOO_LONG;
        if (length < 1 || from < 0 || from > length || (!skipped && (bytes < 0 || bytes > length - from))) {
            throw new AssertionError(
                    "a frame of " + length + " bytes cannot have " + bytes + " bytes of payload at " + from);
        }
    }

    static void assertSame(List<byte[]> expected, List<byte[]> actual, String how) {
        assertEquals(expected.size(), actual.size(), how);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), how + ", message " + i);
        }
    }
}
