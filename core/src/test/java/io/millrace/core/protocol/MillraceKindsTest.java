package io.millrace.core.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Kinds and tokens of millrace() frames come back as payloads do, wherever the stream is cut. */
@Tag("framing")
class MillraceKindsTest {
    private static final int MAX = 40;

    private record Frame(FrameKind kind, long token, int payloadLength) {}

    private final MillraceProtocol protocol = MillraceProtocol.create().maxPayloadBytes(MAX);
    private final Random random = new Random(42);

    @Test
    void everyKindComesBackWithItsTokenForEveryCut() throws Exception {
        List<Frame> sent = new ArrayList<>();
        for (FrameKind kind : FrameKind.values()) {
            if (kind != FrameKind.SKIPPED) {
                long token = kind.hasToken() ? random.nextLong() : 0;
                sent.add(new Frame(kind, token, kind.ordinal() % 3));
                sent.add(new Frame(kind, kind.hasToken() ? -1 : 0, MAX));
            }
        }
        byte[] stream = encode(sent);
        for (int cut = 1; cut <= stream.length; cut++) {
            assertEquals(sent, decode(stream, cut), "in pieces of " + cut);
        }
    }

    @Test
    void requestBeyondTheLimitIsMeasuredToBeSkippedAndTheNextFrameIsFound() throws Exception {
        Frame tooLong = new Frame(FrameKind.REQUEST, 7, MAX + 1);
        Frame next = new Frame(FrameKind.REPLY, 8, 2);
        byte[] stream = encode(List.of(tooLong, next));
        List<Frame> expected = List.of(new Frame(FrameKind.REQUEST, 7, FrameDecoder.TOO_LONG), next);
        for (int cut = 1; cut <= stream.length; cut++) {
            assertEquals(expected, decode(stream, cut), "in pieces of " + cut);
        }
    }

    private byte[] encode(List<Frame> frames) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (Frame each : frames) {
            stream.writeBytes(Frames.encode(protocol, each.kind(), each.token(), new byte[each.payloadLength()]));
        }
        return stream.toByteArray();
    }

    private List<Frame> decode(byte[] stream, int piece) throws MalformedFrameException {
        FrameDecoder decoder = protocol.newDecoder(Side.SERVER);
        List<Frame> frames = new ArrayList<>();
        int start = 0;
        for (int arrived = 0; arrived < stream.length; ) {
            arrived = Math.min(stream.length, arrived + piece);
            while (start < arrived) {
                int length = decoder.frameLength(ByteBuffer.wrap(stream, start, arrived - start));
                if (length == FrameDecoder.UNKNOWN || arrived - start < length) {
                    break;
                }
                frames.add(new Frame(decoder.kind(), decoder.token(), decoder.payloadLength()));
                start += length;
            }
        }
        return frames;
    }
}
