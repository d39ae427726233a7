package io.millrace.core.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import io.millrace.testing.Hex;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Length fields that do not stand first, or do not count just what follows them. */
@Tag("framing")
class PrefixOptionsTest {
    private static final byte[] PAYLOAD = {0x0A, 0x0B, 0x0C};

    static Stream<Arguments> layouts() {
        return Stream.of(
                Arguments.of(PrefixHandler.int16().offset(2), "0000 0003 0a0b0c"),
                Arguments.of(PrefixHandler.int16().countsItself(), "0005 0a0b0c"),
                Arguments.of(PrefixHandler.int16().offset(2).countsItself(), "0000 0005 0a0b0c"),
                Arguments.of(PrefixHandler.int16().offset(2).countsHeader(), "0000 0007 0a0b0c"),
                Arguments.of(PrefixHandler.int32().littleEndian().countsHeader(), "07000000 0a0b0c"),
                // the peer counts two bytes less than it sends, such as a checksum behind the payload
                Arguments.of(PrefixHandler.int8().adjustment(2), "01 0a0b0c"),
                // the peer counts four bytes more than it sends
                Arguments.of(PrefixHandler.int24().adjustment(-4), "000007 0a0b0c"),
                Arguments.of(PrefixHandler.int64().adjustment(-4).countsItself(), "000000000000000f 0a0b0c"),
                Arguments.of(PrefixHandler.int8().offset(1).adjustment(1).countsHeader(), "00 04 0a0b0c"));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void messageIsTheseBytesAndIsReadBack(PrefixHandler prefix, String hex) throws Exception {
        byte[] frame = Hex.bytes(hex);
        assertEquals(Hex.of(frame), Hex.of(Frames.encode(prefix, List.of(PAYLOAD))));
        assertArrayEquals(PAYLOAD, Frames.decode(prefix, Side.SERVER, frame, 1).get(0));
        byte[] kept = Frames.decode(prefix.keepHeader(), Side.SERVER, frame, 1).get(0);
        assertEquals(Hex.of(frame), Hex.of(kept));
    }

    @Test
    void bytesBeforeTheFieldAreNotLookedAt() throws Exception {
        PrefixHandler prefix = PrefixHandler.int16().offset(2);
        assertArrayEquals(
                PAYLOAD,
                Frames.decode(prefix, Side.SERVER, Hex.bytes("ffff 0003 0a0b0c"), 1)
                        .get(0));
    }

    @Test
    void keptFrameIsSentAsItIsAndOneThatLiesIsRefusedWithBothNumbers() {
        PrefixHandler prefix =
                PrefixHandler.int16().offset(2).countsHeader().keepHeader().maxPayloadBytes(10);
        byte[] frame = Hex.bytes("beef 0007 0a0b0c");
        prefix.check(ByteBuffer.wrap(frame));
        prefix.check(ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN));
        assertEquals(Hex.of(frame), Hex.of(Frames.encode(prefix, List.of(frame))));

        assertRefused(prefix, "beef 0008 0a0b0c", "declares a length of 8", "7 bytes", "must declare 7");
        assertRefused(prefix, "beef 0006 0a0b0c", "declares a length of 6", "must declare 7");
        assertRefused(prefix, "beef ff07 0a0b0c", "declares a length of 65287");
        assertRefused(prefix, "beef 00", "3 bytes", "header of 4 bytes");
        assertRefused(prefix, "beef 000f 0a0b0c0d0e0f0102030405", "message of 11 bytes", "limit of 10");
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> prefix.checkLength(7));
        assertTrue(String.valueOf(refused.getMessage()).contains("depend on the content"), refused.getMessage());
        prefix.stripHeader().checkLength(7);
    }

    private static void assertRefused(PrefixHandler prefix, String hex, String... shown) {
        byte[] frame = Hex.bytes(hex);
        String refused =
                String.valueOf(assertThrows(IllegalArgumentException.class, () -> prefix.check(ByteBuffer.wrap(frame)))
                        .getMessage());
        for (String each : shown) {
            assertTrue(refused.contains(each), refused);
        }
    }

    @Test
    void messageTooShortToBeDeclaredIsRefused() {
        PrefixHandler prefix = PrefixHandler.int8().adjustment(4);
        prefix.check(ByteBuffer.allocate(4));
        prefix.check(ByteBuffer.allocate(259));
        assertRefused(prefix, "0a0b0c", "message of 3 bytes is shorter than 4 bytes", "adjustment=4");
        assertThrows(IllegalArgumentException.class, () -> prefix.check(ByteBuffer.allocate(260)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void declaredValueBelowWhatItCountsIsMalformedAndExplained(int width) throws Exception {
        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            PrefixHandler prefix =
                    of(width).order(order).offset(1).countsHeader().adjustment(-2);
            int smallest = width + 3;
            assertEquals(width + 1, lengthOf(prefix, smallest), "an empty body");
            MalformedFrameException refused =
                    assertThrows(MalformedFrameException.class, () -> lengthOf(prefix, smallest - 1));
            assertEquals(
                    "declared length " + (smallest - 1) + " with adjustment -2, " + (width + 1)
                            + " bytes of header counted, gives a body of -1 bytes; the limit is "
                            + prefix.maxPayloadBytes() + " bytes",
                    refused.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void arithmeticDoesNotOverflowAtAnyDeclaredValue(int width) throws Exception {
        long largest = width > 3 ? (width == 4 ? Integer.MAX_VALUE : Long.MAX_VALUE) : (1L << (8 * width)) - 1;
        for (int adjustment : new int[] {Integer.MIN_VALUE, -(1 << 30), -300, -1, 0, 1, 300, 1 << 30}) {
            for (UnaryOperator<PrefixHandler> counting : List.<UnaryOperator<PrefixHandler>>of(
                    prefix -> prefix, PrefixHandler::countsItself, PrefixHandler::countsHeader)) {
                PrefixHandler counted = counting.apply(of(width).littleEndian().offset(64 - width));
                long surplus = (long) adjustment
                        - (counted.toString().contains("countsItself") ? width : 0)
                        - (counted.toString().contains("countsHeader") ? 64 : 0);
                if (largest < -surplus || surplus > PrefixHandler.LARGEST_PAYLOAD_BYTES) {
                    assertThrows(IllegalArgumentException.class, () -> counted.adjustment(adjustment));
                } else {
                    PrefixHandler prefix = counted.adjustment(adjustment);
                    for (long declared : new long[] {0, 1, 299, 300, 301, largest - 1, largest, largest / 2}) {
                        if (declared <= largest) {
                            assertBodyIs(prefix, declared, surplus);
                        }
                    }
                }
            }
        }
    }

    private static void assertBodyIs(PrefixHandler prefix, long declared, long surplus) throws Exception {
        // what cannot overflow says what is right
        BigInteger body = BigInteger.valueOf(declared).add(BigInteger.valueOf(surplus));
        String how = prefix + " of " + declared;
        if (body.signum() < 0) {
            MalformedFrameException refused =
                    assertThrows(MalformedFrameException.class, () -> lengthOf(prefix, declared), how);
            assertTrue(String.valueOf(refused.getMessage()).contains("a body of " + body + " bytes"), how);
        } else if (body.compareTo(BigInteger.valueOf(prefix.maxPayloadBytes())) > 0) {
            FrameTooLongException refused =
                    assertThrows(FrameTooLongException.class, () -> lengthOf(prefix, declared), how);
            assertEquals(body.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact(), refused.declaredBytes(), how);
            assertTrue(String.valueOf(refused.getMessage()).contains("declared length " + declared), how);
        } else {
            assertEquals(prefix.headerBytes() + body.intValueExact(), lengthOf(prefix, declared), how);
        }
    }

    @Test
    void settingsThatCannotBeTrueTogetherAreRefusedWithValueAndRange() {
        assertIllegal(() -> PrefixHandler.int32().offset(61), "offset is 61 bytes", "from 0 to 60");
        assertIllegal(() -> PrefixHandler.int32().offset(-1), "offset is -1 bytes", "from 0 to 60");
        assertIllegal(() -> PrefixHandler.int8().adjustment(-256), "adjustment is -256", "0 to 255", "-256 to -1");
        assertIllegal(
                () -> PrefixHandler.int16().adjustment((1 << 30) + 1), "adjustment is 1073741825", "0 to 1073741824");
        assertIllegal(
                () -> PrefixHandler.int8().maxPayloadBytes(255).countsItself(),
                "countsItself is set",
                "maxPayloadBytes is 255",
                "from 0 to 254");
        assertIllegal(
                () -> PrefixHandler.int8().maxPayloadBytes(100).adjustment(101),
                "adjustment is 101",
                "maxPayloadBytes is 100",
                "from 101 to 356");
        assertIllegal(
                () -> PrefixHandler.int8().countsHeader().maxPayloadBytes(255),
                "maxPayloadBytes is 255",
                "from 0 to 254");
        assertIllegal(() -> PrefixHandler.int8().adjustment(9).maxPayloadBytes(8), "maxPayloadBytes is 8", "from 9 to");
    }

    private static void assertIllegal(Runnable setting, String... shown) {
        String refused = String.valueOf(
                assertThrows(IllegalArgumentException.class, setting::run).getMessage());
        for (String each : shown) {
            assertTrue(refused.contains(each), refused);
        }
    }

    @Test
    void limitThatNobodyChoseFollowsWhatTheFieldCanDeclare() {
        assertEquals(254, PrefixHandler.int8().countsItself().maxPayloadBytes());
        assertEquals(265, PrefixHandler.int8().adjustment(10).maxPayloadBytes());
        assertEquals(
                20 << 20,
                PrefixHandler.int32().adjustment(20 << 20).maxPayloadBytes(),
                "the shortest payload can be sent at least");
        assertEquals(16 << 20, PrefixHandler.int64().countsHeader().maxPayloadBytes());
    }

    @Test
    void optionsDoNotDependOnTheirOrder() {
        assertEquals(
                PrefixHandler.int16()
                        .countsHeader()
                        .adjustment(3)
                        .offset(7)
                        .keepHeader()
                        .littleEndian()
                        .toString(),
                PrefixHandler.int16()
                        .littleEndian()
                        .keepHeader()
                        .offset(7)
                        .countsHeader()
                        .adjustment(3)
                        .toString());
    }

    @Test
    void toStringShowsWhatWasSet() {
        assertEquals(
                "lengthPrefixed(int16, BIG_ENDIAN, offset=2, adjustment=-3, countsItself, keepHeader,"
                        + " maxPayloadBytes=9)",
                PrefixHandler.int16()
                        .offset(2)
                        .adjustment(-3)
                        .countsItself()
                        .keepHeader()
                        .maxPayloadBytes(9)
                        .toString());
    }

    @Test
    void usualPrefixHasTheDecoderWithoutOptions() {
        assertInstanceOf(PrefixDecoder.Plain.class, PrefixHandler.int32().newDecoder(Side.SERVER));
        for (PrefixHandler other : List.of(
                PrefixHandler.int16(),
                PrefixHandler.int32().littleEndian(),
                PrefixHandler.int32().offset(1),
                PrefixHandler.int32().adjustment(1),
                PrefixHandler.int32().keepHeader())) {
            assertInstanceOf(PrefixDecoder.class, other.newDecoder(Side.SERVER));
        }
    }

    private static PrefixHandler of(int width) {
        return switch (width) {
            case 1 -> PrefixHandler.int8();
            case 2 -> PrefixHandler.int16();
            case 3 -> PrefixHandler.int24();
            case 4 -> PrefixHandler.int32();
            default -> PrefixHandler.int64();
        };
    }

    /** Measures a frame whose field holds a value, written here and not by the code under test. */
    private static int lengthOf(PrefixHandler prefix, long declared) throws MalformedFrameException {
        byte[] header = new byte[prefix.headerBytes()];
        for (int i = 0; i < prefix.width(); i++) {
            int at = prefix.order() == ByteOrder.LITTLE_ENDIAN ? i : prefix.width() - 1 - i;
            header[header.length - prefix.width() + at] = (byte) (declared >>> (Byte.SIZE * i));
        }
        return prefix.newDecoder(Side.SERVER).frameLength(ByteBuffer.wrap(header));
    }
}
