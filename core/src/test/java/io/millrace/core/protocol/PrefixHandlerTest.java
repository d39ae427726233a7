package io.millrace.core.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("framing")
class PrefixHandlerTest {
    private static final HexFormat HEX = HexFormat.of();

    static Stream<Arguments> allPrefixes() {
        return Stream.of(
                        PrefixHandler.int8(),
                        PrefixHandler.int16(),
                        PrefixHandler.int24(),
                        PrefixHandler.int32(),
                        PrefixHandler.int64())
                .flatMap(prefix -> Stream.of(prefix, prefix.littleEndian()))
                .map(Arguments::of);
    }

    private static PrefixHandler prefix(int width, boolean littleEndian) {
        PrefixHandler prefix =
                switch (width) {
                    case 1 -> PrefixHandler.int8();
                    case 2 -> PrefixHandler.int16();
                    case 3 -> PrefixHandler.int24();
                    case 4 -> PrefixHandler.int32();
                    default -> PrefixHandler.int64();
                };
        return littleEndian ? prefix.littleEndian() : prefix;
    }

    private static byte[] header(PrefixHandler prefix, int payloadLength) {
        ByteBuffer out = ByteBuffer.allocate(prefix.headerLength(FrameKind.MESSAGE, payloadLength));
        prefix.putHeader(out, FrameKind.MESSAGE, 0, payloadLength);
        assertEquals(0, out.remaining());
        return out.array();
    }

    /** Decodes a stream that arrives in two or more pieces, as a receive loop does. */
    private static List<byte[]> decode(Protocol protocol, byte[] stream, int... cuts) throws MalformedFrameException {
        FrameDecoder decoder = protocol.newDecoder(Side.SERVER);
        List<byte[]> payloads = new ArrayList<>();
        int start = 0;
        int frameLength = FrameDecoder.UNKNOWN;
        for (int i = 0; i <= cuts.length; i++) {
            int end = i < cuts.length ? cuts[i] : stream.length;
            while (start < end) {
                if (frameLength == FrameDecoder.UNKNOWN) {
                    frameLength = decoder.frameLength(ByteBuffer.wrap(stream, start, end - start));
                }
                if (frameLength == FrameDecoder.UNKNOWN || end - start < frameLength) {
                    break;
                }
                byte[] payload = new byte[decoder.payloadLength()];
                System.arraycopy(stream, start + decoder.payloadOffset(), payload, 0, payload.length);
                payloads.add(payload);
                start += frameLength;
                frameLength = FrameDecoder.UNKNOWN;
            }
        }
        assertEquals(stream.length, start, "bytes are left over");
        return payloads;
    }

    private static MalformedFrameException refuse(PrefixHandler prefix, String hex) {
        byte[] bytes = HEX.parseHex(hex);
        return assertThrows(MalformedFrameException.class, () -> prefix.newDecoder(Side.SERVER)
                .frameLength(ByteBuffer.wrap(bytes)));
    }

    @ParameterizedTest
    @CsvSource({
        "1, false, 0, 00",
        "1, false, 127, 7f",
        "1, false, 128, 80",
        "1, false, 255, ff",
        "1, true, 200, c8",
        "2, false, 1, 0001",
        "2, true, 1, 0100",
        "2, false, 32768, 8000",
        "2, true, 32768, 0080",
        "2, false, 65535, ffff",
        "2, true, 258, 0201",
        "3, false, 66051, 010203",
        "3, true, 66051, 030201",
        "3, false, 8388608, 800000",
        "3, true, 8388608, 000080",
        "3, false, 16777215, ffffff",
        "3, true, 16777215, ffffff",
        "4, false, 16909060, 01020304",
        "4, true, 16909060, 04030201",
        "4, false, 0, 00000000",
        "8, false, 16909060, 0000000001020304",
        "8, true, 16909060, 0403020100000000"
    })
    void headerIsTheseBytesAndIsReadBack(int width, boolean littleEndian, int length, String hex) throws Exception {
        PrefixHandler prefix = prefix(width, littleEndian)
                .maxPayloadBytes(
                        width > 3 ? 1 << 30 : prefix(width, littleEndian).maxPayloadBytes());
        assertEquals(hex, HEX.formatHex(header(prefix, length)));
        FrameDecoder decoder = prefix.newDecoder(Side.SERVER);
        assertEquals(width + length, decoder.frameLength(ByteBuffer.wrap(HEX.parseHex(hex))));
        assertEquals(width, decoder.payloadOffset());
        assertEquals(length, decoder.payloadLength());
    }

    @ParameterizedTest
    @MethodSource("allPrefixes")
    void framesSurviveEverySplitOfTheStream(PrefixHandler prefix) throws Exception {
        Random random = new Random(prefix.width());
        ByteBuffer stream = ByteBuffer.allocate(4_096);
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            byte[] payload = new byte[i % 3 == 0 ? 0 : random.nextInt(40)];
            random.nextBytes(payload);
            sent.add(payload);
            prefix.putHeader(stream, FrameKind.MESSAGE, 0, payload.length);
            stream.put(payload);
        }
        byte[] bytes = new byte[stream.position()];
        stream.flip().get(bytes);
        for (int cut = 0; cut <= bytes.length; cut++) {
            assertSame(sent, decode(prefix, bytes, cut));
        }
        for (int i = 0; i < 200; i++) {
            assertSame(
                    sent,
                    decode(
                            prefix,
                            bytes,
                            random.ints(20, 0, bytes.length).sorted().toArray()));
        }
        int[] everywhere = java.util.stream.IntStream.range(0, bytes.length).toArray();
        assertSame(sent, decode(prefix, bytes, everywhere));
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("allPrefixes")
    void lengthIsAcceptedUpToTheLimitAndRefusedBeyond(PrefixHandler prefix) throws Exception {
        PrefixHandler limited = prefix.maxPayloadBytes(200);
        for (int length : new int[] {0, 1, 199, 200}) {
            assertEquals(
                    prefix.width() + length,
                    limited.newDecoder(Side.SERVER).frameLength(ByteBuffer.wrap(header(prefix, length))));
        }
        FrameTooLongException refused = assertThrows(FrameTooLongException.class, () -> limited.newDecoder(Side.SERVER)
                .frameLength(ByteBuffer.wrap(header(prefix, 201))));
        assertEquals(201, refused.declaredBytes());
        assertEquals(200, refused.limitBytes());
        assertTrue(String.valueOf(refused.getMessage()).contains("declared length 201"), refused.getMessage());
        assertTrue(String.valueOf(refused.getMessage()).contains("200 bytes"), refused.getMessage());
        assertEquals(0, refused.getStackTrace().length);
    }

    @ParameterizedTest
    @MethodSource("allPrefixes")
    void prefixIsUnknownUntilItsLastByte(PrefixHandler prefix) throws Exception {
        byte[] header = header(prefix, 3);
        FrameDecoder decoder = prefix.newDecoder(Side.SERVER);
        for (int there = 1; there < header.length; there++) {
            assertEquals(FrameDecoder.UNKNOWN, decoder.frameLength(ByteBuffer.wrap(header, 0, there)));
        }
        assertEquals(header.length + 3, decoder.frameLength(ByteBuffer.wrap(header)));
    }

    @ParameterizedTest
    @CsvSource({
        "4, false, ffffffff, -1",
        "4, false, 80000000, -2147483648",
        "4, true, 00000080, -2147483648",
        "8, false, ffffffffffffffff, -1",
        "8, false, 8000000000000000, -9223372036854775808",
        "8, true, 0000000000000080, -9223372036854775808"
    })
    void negativeLengthIsMalformedAndShown(int width, boolean littleEndian, String hex, String shown) {
        PrefixHandler prefix = prefix(width, littleEndian);
        MalformedFrameException refused = refuse(prefix, hex);
        assertEquals(
                "declared length " + shown + " is negative; the limit is " + prefix.maxPayloadBytes() + " bytes",
                refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "4, false, 7fffffff, 2147483647", "8, false, 0000000100000000, 4294967296",
        "8, false, 7fffffffffffffff, 9223372036854775807", "8, true, 0000000001000000, 4294967296",
        "3, false, ffffff, 16777215"
    })
    void lengthBeyondAnIntIsNotCutOff(int width, boolean littleEndian, String hex, long declared) {
        PrefixHandler prefix = prefix(width, littleEndian).maxPayloadBytes(1 << 20);
        assertEquals(declared, ((FrameTooLongException) refuse(prefix, hex)).declaredBytes());
    }

    @Test
    void encoderRefusesBeyondTheLimitNamingLengthAndLimit() {
        PrefixHandler prefix = PrefixHandler.int16().maxPayloadBytes(1_000);
        ByteBuffer exact = ByteBuffer.allocate(1_100).position(100);
        prefix.check(exact);
        assertEquals(100, exact.position());
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> prefix.check(ByteBuffer.allocate(1_001)));
        assertTrue(String.valueOf(refused.getMessage()).contains("1001 bytes"), refused.getMessage());
        assertTrue(String.valueOf(refused.getMessage()).contains("limit of 1000 bytes"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1, 256", "2, 65536", "3, 16777216", "4, 1073741825", "8, 1073741825", "4, -1"})
    void limitThatThePrefixCannotExpressIsRefused(int width, int limit) {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> prefix(width, false).maxPayloadBytes(limit));
        assertTrue(String.valueOf(refused.getMessage()).contains("maxPayloadBytes is " + limit), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1, 255", "2, 65535", "3, 16777215", "4, 16777216", "8, 16777216"})
    void defaultLimitIs16MiBOrWhatThePrefixCanExpress(int width, int limit) {
        assertEquals(limit, prefix(width, true).maxPayloadBytes());
        assertEquals(width, prefix(width, true).width());
        assertEquals(ByteOrder.LITTLE_ENDIAN, prefix(width, true).order());
    }

    @Test
    void largestFramesDoNotOverflow() throws Exception {
        PrefixHandler prefix = PrefixHandler.int64().maxPayloadBytes(PrefixHandler.LARGEST_PAYLOAD_BYTES);
        byte[] header = header(prefix, PrefixHandler.LARGEST_PAYLOAD_BYTES);
        assertEquals(
                PrefixHandler.LARGEST_PAYLOAD_BYTES + 8,
                prefix.newDecoder(Side.SERVER).frameLength(ByteBuffer.wrap(header)));
    }

    @Test
    void decodersOfOneProtocolDoNotShareState() throws Exception {
        FrameDecoder one = Protocol.lengthPrefixed().newDecoder(Side.SERVER);
        FrameDecoder other = Protocol.lengthPrefixed().newDecoder(Side.SERVER);
        one.frameLength(ByteBuffer.wrap(header(PrefixHandler.int32(), 5)));
        other.frameLength(ByteBuffer.wrap(header(PrefixHandler.int32(), 9)));
        assertEquals(5, one.payloadLength());
        assertEquals(9, other.payloadLength());
    }

    @Test
    void rawProtocolPassesOnWhatArrives() throws Exception {
        Protocol raw = Protocol.raw();
        assertEquals(Pairing.NONE, raw.pairing());
        assertEquals(Pairing.IN_ORDER, Protocol.lengthPrefixed().pairing());
        assertEquals(0, raw.newEncoder(Side.SERVER).headerLength(FrameKind.MESSAGE, 7));
        byte[] stream = {1, 2, 3, 4, 5};
        assertSame(List.of(new byte[] {1, 2}, new byte[] {3, 4, 5}), decode(raw, stream, 2));
    }

    @Test
    void toStringNamesWidthOrderAndLimit() {
        assertEquals(
                "lengthPrefixed(int24, LITTLE_ENDIAN, maxPayloadBytes=100)",
                PrefixHandler.int24().littleEndian().maxPayloadBytes(100).toString());
        assertEquals("raw()", Protocol.raw().toString());
    }
}
