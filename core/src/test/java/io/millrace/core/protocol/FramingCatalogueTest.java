package io.millrace.core.protocol;

import static io.millrace.core.protocol.Frames.assertSame;
import static io.millrace.core.protocol.Frames.decode;
import static io.millrace.core.protocol.Frames.encode;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import io.millrace.testing.Hex;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The faults of framing that can be shown without a socket, over every protocol; the rest are in SessionFramingIT. */
@Tag("framing")
class FramingCatalogueTest {
    private final Random random = new Random(42);

    /** F01. */
    @Test
    void drippedFrameIsOneMessageAndNoneComesEarly() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            byte[] message = harmless(each, Math.min(each.longest(), each.shortest() + 20));
            byte[] stream = encode(each.newEncoder(), List.of(message));
            for (int cut = 1; cut < stream.length; cut++) {
                byte[] begun = Arrays.copyOf(stream, cut);
                assertEquals(
                        0, decode(each.protocol(), each.receiver(), begun, 1).size(), each + " after " + cut);
                assertSame(
                        List.of(message),
                        decode(each.protocol(), each.receiver(), stream, cut, stream.length),
                        each + " cut at " + cut);
            }
        }
    }

    /** F02. */
    @Test
    void thousandFramesAndAHalfGiveAThousandMessages() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            FrameEncoder encoder = each.newEncoder();
            List<byte[]> messages = new ArrayList<>();
            for (int i = 0; i <= 1_000; i++) {
                int length = Math.min(each.longest(), each.shortest() + 2 + i % 5);
                messages.add(harmless(each, length));
            }
            byte[] stream = encode(encoder, messages);
            int lastFrame = encode(encoder, messages.subList(1_000, 1_001)).length;
            if (lastFrame > 1) {
                byte[] cut = Arrays.copyOf(stream, stream.length - lastFrame / 2);
                assertSame(
                        messages.subList(0, 1_000),
                        decode(each.protocol(), each.receiver(), cut, cut.length),
                        each.toString());
            }
        }
    }

    /** F03. */
    @Test
    void emptyBodiesAreMessagesAndTheStreamGoesOn() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            if (each.shortest() == 0) {
                byte[] empty = harmless(each, 0);
                byte[] other = harmless(each, 3);
                List<byte[]> messages = List.of(empty, empty, other, empty);
                byte[] stream = encode(each.newEncoder(), messages);
                assertSame(messages, decode(each.protocol(), each.receiver(), stream, stream.length), each.toString());
            }
        }
    }

    /** F04. */
    @Test
    void negativeLengthIsRefusedAtItsLastByteWithLengthAndLimit() {
        for (PrefixHandler prefix : List.of(
                PrefixHandler.int32(),
                PrefixHandler.int32().littleEndian(),
                PrefixHandler.int64(),
                PrefixHandler.int64().littleEndian().offset(2).countsHeader().adjustment(9),
                PrefixHandler.int32().keepHeader())) {
            for (long declared : new long[] {-1, prefix.width() == 4 ? Integer.MIN_VALUE : Long.MIN_VALUE}) {
                byte[] header = header(prefix, declared);
                MalformedFrameException refused =
                        assertThrows(MalformedFrameException.class, () -> decode(prefix, Side.SERVER, header, 1));
                assertEquals(
                        "declared length " + declared + " is negative; the limit is " + prefix.maxPayloadBytes()
                                + " bytes",
                        refused.getMessage());
            }
        }
    }

    /** F05: the options are in PrefixOptionsTest, the limits of all protocols in ProtocolRoundTripTest. */
    @Test
    void boundaryIsExactForEveryPrefix() throws Exception {
        for (ProtocolCase each : ProtocolCase.prefixed()) {
            PrefixHandler prefix = (PrefixHandler) each.protocol();
            PrefixHandler stripped = prefix.stripHeader();
            for (int body : new int[] {each.longest() - 1, each.longest()}) {
                assertEquals(prefix.headerBytes() + body, lengthOf(prefix, header(stripped, body)), each.toString());
            }
            if (prefix.width() > 1) {
                FrameTooLongException refused = assertThrows(
                        FrameTooLongException.class,
                        () -> lengthOf(prefix, header(stripped, each.longest() + 1)),
                        each.toString());
                assertEquals(each.longest() + 1, refused.declaredBytes(), each.toString());
                assertEquals(each.longest(), refused.limitBytes(), each.toString());
            }
        }
    }

    /** F08: the words are in FirstBytesTest; here it is refused before it is taken for a frame. */
    @Test
    void otherProtocolsAreRefusedAtTheirFirstBytes() {
        for (Protocol protocol : List.of(Protocol.lengthPrefixed(), Protocol.millrace(), Protocol.seed())) {
            for (byte[] stranger : List.of(
                    "GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII),
                    "SSH-2.0-x\r\n".getBytes(US_ASCII),
                    Hex.bytes("16 03 01 02 00 01 00 01 fc 03 03"))) {
                // read in little-endian order a TLS hello is a length of 33 MB, and beyond the limit too
                MalformedFrameException refused =
                        assertThrows(MalformedFrameException.class, () -> decode(protocol, Side.SERVER, stranger, 1));
                String shown = String.valueOf(refused.getMessage());
                assertTrue(shown.contains("declared length"), shown);
            }
        }
        FrameTooLongException http = assertThrows(
                FrameTooLongException.class,
                () -> decode(Protocol.lengthPrefixed(), Side.SERVER, "GET ".getBytes(US_ASCII), 1));
        assertEquals(1_195_725_856, http.declaredBytes());
    }

    /** Makes a message that any frame of the protocol can carry. */
    private byte[] harmless(ProtocolCase each, int bodyLength) {
        byte[] body = new byte[bodyLength];
        for (int i = 0; i < bodyLength; i++) {
            body[i] = (byte) ('p' + random.nextInt(4));
        }
        return each.framing().apply(body);
    }

    private static int lengthOf(PrefixHandler prefix, byte[] header) throws MalformedFrameException {
        return prefix.newDecoder(Side.SERVER).frameLength(ByteBuffer.wrap(header));
    }

    private static byte[] header(PrefixHandler stripped, int body) {
        ByteBuffer header = ByteBuffer.allocate(stripped.headerBytes());
        stripped.putHeader(header, FrameKind.MESSAGE, 0, body);
        return header.array();
    }

    /** Puts a value into the field, whatever it means. */
    private static byte[] header(PrefixHandler prefix, long declared) {
        ByteBuffer header = ByteBuffer.allocate(prefix.headerBytes()).order(prefix.order());
        header.position(header.capacity() - prefix.width());
        if (prefix.width() == Integer.BYTES) {
            header.putInt((int) declared);
        } else {
            header.putLong(declared);
        }
        return header.array();
    }
}
