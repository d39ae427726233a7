package io.millrace.core.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every protocol with frames owes: each message list that its encoder accepts comes back, however it is cut. */
@Tag("framing")
class ProtocolRoundTripTest {
    private static final int MAX = 700;

    static Stream<Arguments> protocols() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (Side sender : Side.values()) {
            all.add(Arguments.of(PrefixHandler.int8(), sender));
            for (PrefixHandler prefix : List.of(
                    PrefixHandler.int16(), PrefixHandler.int24(), PrefixHandler.int32(), PrefixHandler.int64())) {
                all.add(Arguments.of(prefix.maxPayloadBytes(MAX), sender));
                all.add(Arguments.of(prefix.littleEndian().maxPayloadBytes(MAX), sender));
            }
            all.add(Arguments.of(Delimiters.lines().maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(Delimiters.crlfLines().maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(Delimiters.of((byte) 0).maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(Delimiters.of("aba".getBytes(ISO_8859_1)).maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(Delimiters.of("aaab".getBytes(ISO_8859_1)).maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(Protocol.fixed(1), sender));
            all.add(Arguments.of(Protocol.fixed(17), sender));
            all.add(Arguments.of(MillraceProtocol.create().maxPayloadBytes(MAX), sender));
            all.add(Arguments.of(SeedProtocol.create().maxPayloadBytes(MAX), sender));
        }
        return all.build();
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void everyAcceptedMessageComesBackHoweverTheStreamIsCut(Protocol protocol, Side sender) throws Exception {
        Random random = new Random(42);
        for (int round = 0; round < 60; round++) {
            FrameEncoder encoder = protocol.newEncoder(sender);
            List<byte[]> messages = acceptedMessages(encoder, random);
            byte[] stream = encode(encoder, messages);
            assertSame(messages, decode(protocol, sender, stream, new int[] {1}), "dripped");
            assertSame(messages, decode(protocol, sender, stream, new int[] {stream.length}), "whole");
            int[] cuts = random.ints(16, 1, 97).toArray();
            assertSame(messages, decode(protocol, sender, stream, cuts), "cut as " + Arrays.toString(cuts));
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void bytesExaminedPerByteReceivedStayConstantUnderDrips(Protocol protocol, Side sender) throws Exception {
        FrameEncoder encoder = protocol.newEncoder(sender);
        byte[] message = new byte[protocol instanceof FixedProtocol ? fixedLength(encoder) : 200];
        Arrays.fill(message, (byte) 'x');
        byte[] stream = encode(encoder, List.of(message));
        FrameDecoder decoder = protocol.newDecoder(opposite(sender));
        int asked = 0;
        int length = FrameDecoder.UNKNOWN;
        while (length == FrameDecoder.UNKNOWN) {
            asked++;
            length = decoder.frameLength(ByteBuffer.wrap(stream, 0, asked).slice());
        }
        assertEquals(stream.length, length, "the whole frame is measured");
        boolean scans = protocol instanceof Delimiters;
        assertTrue(scans || asked <= 13, "a length is known once the header is there, here after " + asked);
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void fuzzedBytesGiveMessagesOrTheProtocolErrorAndNothingElse(Protocol protocol, Side sender) {
        Random random = new Random(7);
        for (int round = 0; round < 3_000; round++) {
            byte[] stream = new byte[random.nextInt(120)];
            random.nextBytes(stream);
            if (round % 2 == 0) {
                // Mostly zeros, so that lengths are small and frames are found.
                for (int i = 0; i < stream.length; i++) {
                    stream[i] = random.nextInt(4) == 0 ? stream[i] : 0;
                }
            }
            try {
                for (byte[] message : decode(protocol, sender, stream, new int[] {1 + random.nextInt(9)})) {
                    assertTrue(message.length <= MAX + SeedProtocol.REPLY_HEADER_BYTES);
                }
            } catch (MalformedFrameException expected) {
                assertTrue(String.valueOf(expected.getMessage()).length() > 10);
            }
        }
    }

    @Test
    void aFrameOfTheLimitPassesAndOneByteMoreIsRefusedByBothSides() throws Exception {
        for (Protocol protocol : List.of(
                PrefixHandler.int32().maxPayloadBytes(MAX),
                Delimiters.lines().maxPayloadBytes(MAX),
                Delimiters.crlfLines().maxPayloadBytes(MAX),
                Delimiters.of((byte) 1, (byte) 2).maxPayloadBytes(MAX),
                MillraceProtocol.create().maxPayloadBytes(MAX),
                SeedProtocol.create().maxPayloadBytes(MAX))) {
            for (Side sender : Side.values()) {
                FrameEncoder encoder = protocol.newEncoder(sender);
                encoder.check(ByteBuffer.allocate(MAX));
                byte[] largest = encode(encoder, List.of(new byte[MAX]));
                assertEquals(1, decode(protocol, sender, largest, new int[] {1}).size(), protocol + " at the limit");
                IllegalArgumentException refused =
                        assertThrows(IllegalArgumentException.class, () -> encoder.check(ByteBuffer.allocate(MAX + 1)));
                assertTrue(String.valueOf(refused.getMessage()).contains("" + MAX), refused.getMessage());
                byte[] tooLarge = encode(encoder, List.of(new byte[MAX + 1]));
                assertThrows(
                        FrameTooLongException.class,
                        () -> decode(protocol, sender, tooLarge, new int[] {1}),
                        protocol + " beyond the limit");
            }
        }
    }

    private static List<byte[]> acceptedMessages(FrameEncoder encoder, Random random) {
        List<byte[]> accepted = new ArrayList<>();
        for (int attempt = 0; attempt < 12; attempt++) {
            byte[] message = new byte[lengthFor(encoder, random, attempt)];
            // A small alphabet, so that delimiters and parts of them do occur.
            for (int i = 0; i < message.length; i++) {
                message[i] = (byte) "ab\r\0xyz\n".charAt(random.nextInt(8));
            }
            try {
                encoder.check(ByteBuffer.wrap(message));
                accepted.add(message);
            } catch (IllegalArgumentException refused) {
                assertTrue(encoder instanceof Delimiters, "only delimiters care what is inside: " + refused);
            }
        }
        return accepted;
    }

    private static int lengthFor(FrameEncoder encoder, Random random, int attempt) {
        if (encoder instanceof FixedProtocol) {
            return fixedLength(encoder);
        }
        int max = encoder instanceof PrefixHandler prefix ? prefix.maxPayloadBytes() : MAX;
        return switch (attempt) {
            case 0 -> 0;
            case 1 -> max;
            case 2 -> 1;
            default -> random.nextInt(encoder instanceof Delimiters ? 12 : max + 1);
        };
    }

    private static int fixedLength(FrameEncoder encoder) {
        return ((FixedProtocol) encoder).payloadLength();
    }

    private static byte[] encode(FrameEncoder encoder, List<byte[]> messages) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            int header = encoder.headerLength(FrameKind.MESSAGE, message.length);
            ByteBuffer frame = ByteBuffer.allocate(header + message.length + encoder.trailerLength());
            encoder.putHeader(frame, FrameKind.MESSAGE, 0, message.length);
            assertEquals(header, frame.position(), "the header is as long as announced");
            frame.put(message);
            encoder.putTrailer(frame);
            assertEquals(0, frame.remaining(), "the trailer is as long as announced");
            stream.writeBytes(frame.array());
        }
        return stream.toByteArray();
    }

    /** Does what the receive loop does, with a stream that arrives in pieces of the given sizes, over and over. */
    private static List<byte[]> decode(Protocol protocol, Side sender, byte[] stream, int[] pieces)
            throws MalformedFrameException {
        FrameDecoder decoder = protocol.newDecoder(opposite(sender));
        List<byte[]> messages = new ArrayList<>();
        int start = 0;
        int arrived = 0;
        int length = FrameDecoder.UNKNOWN;
        for (int piece = 0; arrived < stream.length; piece++) {
            arrived = Math.min(stream.length, arrived + pieces[piece % pieces.length]);
            while (start < arrived) {
                if (length == FrameDecoder.UNKNOWN) {
                    length = decoder.frameLength(ByteBuffer.wrap(stream, start, arrived - start));
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

    private static Side opposite(Side side) {
        return side == Side.SERVER ? Side.CLIENT : Side.SERVER;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual, String how) {
        assertEquals(expected.size(), actual.size(), how);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), how + ", message " + i);
        }
    }
}
