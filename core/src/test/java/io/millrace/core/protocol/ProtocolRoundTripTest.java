package io.millrace.core.protocol;

import static io.millrace.core.protocol.Frames.assertSame;
import static io.millrace.core.protocol.Frames.decode;
import static io.millrace.core.protocol.Frames.encode;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.FrameTooLongException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What every protocol owes: each message list that its encoder accepts comes back, however it is cut. */
@Tag("framing")
class ProtocolRoundTripTest {
    private static final int MAX = ProtocolCase.MAX;
    private static final long SEED = Long.getLong("millrace.test.seed", 42);

    @Test
    void everyAcceptedMessageComesBackWhenDrippedAndWhenCutAtRandom() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            Random random = new Random(SEED);
            for (int round = 0; round < 4; round++) {
                FrameEncoder encoder = each.newEncoder();
                List<byte[]> messages = acceptedMessages(each, encoder, random);
                byte[] stream = encode(encoder, messages);
                String how = each + ", seed " + SEED + ", round " + round + ", ";
                assertSame(messages, decode(each.protocol(), each.receiver(), stream, 1), how + "dripped");
                assertSame(messages, decode(each.protocol(), each.receiver(), stream, stream.length), how + "whole");
                for (int cutting = 0; cutting < 4; cutting++) {
                    int[] cuts = random.ints(16, 1, 2 + random.nextInt(200)).toArray();
                    assertSame(
                            messages,
                            decode(each.protocol(), each.receiver(), stream, cuts),
                            how + "cut as " + Arrays.toString(cuts));
                }
            }
        }
    }

    @Test
    void shortStreamsComeBackForEveryWayToCutThem() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            Random random = new Random(SEED);
            FrameEncoder encoder = each.newEncoder();
            List<byte[]> messages = new ArrayList<>();
            for (int length : new int[] {0, 2, 1}) {
                byte[] message = each.message(random, Math.min(each.shortest() + length, each.longest()));
                if (isAccepted(encoder, message)) {
                    messages.add(message);
                }
            }
            byte[] stream = encode(encoder, messages);
            for (int one = 1; one < stream.length; one++) {
                for (int other = one; other < stream.length; other++) {
                    int[] pieces = {one, Math.max(1, other - one), stream.length};
                    assertSame(
                            messages,
                            decode(each.protocol(), each.receiver(), stream, pieces),
                            each + " cut as " + Arrays.toString(pieces));
                }
            }
        }
    }

    @Test
    void bytesAreNotLookedAtAgainUnderDrips() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            FrameEncoder encoder = each.newEncoder();
            byte[] body = new byte[each.longest()];
            Arrays.fill(body, (byte) 'x');
            byte[] stream = encode(encoder, List.of(each.framing().apply(body)));
            assertEquals(stream.length, lengthWhenOldBytesAreSpoilt(each, encoder, stream), each.toString());
        }
    }

    /**
     * Drips a frame in, and spoils each byte soon after it was shown: with the delimiter where there is one. A decoder
     * that looks at it again is misled, so the right answer proves that each byte was examined while it was among the
     * latest few, and no more.
     */
    private static int lengthWhenOldBytesAreSpoilt(ProtocolCase each, FrameEncoder encoder, byte[] stream)
            throws Exception {
        int window = 16;
        ByteBuffer spoiler = ByteBuffer.allocate(FrameEncoder.MAX_SURROUND_BYTES);
        encoder.putTrailer(spoiler);
        byte[] poison = spoiler.position() == 0 ? new byte[] {-1} : Arrays.copyOf(spoiler.array(), spoiler.position());
        FrameDecoder decoder = each.protocol().newDecoder(each.receiver());
        for (int shown = 1; shown <= stream.length; shown++) {
            int length = decoder.frameLength(ByteBuffer.wrap(stream, 0, shown));
            if (length != FrameDecoder.UNKNOWN) {
                assertTrue(each.looksInside() || shown <= window, each + " knows its length after " + shown);
                return length;
            }
            for (int i = 0; i < shown - window; i++) {
                stream[i] = poison[i % poison.length];
            }
        }
        throw new AssertionError(each + " never knew the length");
    }

    @Test
    void longestMessagesPassAndOneByteMoreIsRefusedBySender() {
        for (ProtocolCase each : ProtocolCase.framed()) {
            FrameEncoder encoder = each.newEncoder();
            Random random = new Random(SEED);
            byte[] longest = each.framing().apply(new byte[each.longest()]);
            byte[] shortest = each.framing().apply(new byte[each.shortest()]);
            // a delimiter of zero is inside such a message, and that is tested elsewhere
            if (!each.looksInside()) {
                encoder.check(ByteBuffer.wrap(longest));
                encoder.check(ByteBuffer.wrap(shortest));
            }
            String refused = refusal(encoder, each.message(random, each.longest() + 1));
            assertTrue(refused.contains("" + (each.longest() + 1)), each + ": " + refused);
            if (each.shortest() > 0) {
                refused = refusal(encoder, each.message(random, each.shortest() - 1));
                assertTrue(refused.contains("" + (each.shortest() - 1)), each + ": " + refused);
            }
        }
    }

    @Test
    void lengthsAreRefusedWithoutTheirBytesAsTheyAreWithThem() {
        for (ProtocolCase each : ProtocolCase.framed()) {
            FrameEncoder encoder = each.newEncoder();
            boolean dependsOnContent = each.looksInside() || each.received() > 0;
            for (long length : new long[] {each.shortest() - 1, each.longest() + 1, 1L << 32, Long.MAX_VALUE}) {
                if (length >= 0) {
                    assertThrows(
                            IllegalArgumentException.class, () -> encoder.checkLength(length), each + ": " + length);
                }
            }
            for (int length : new int[] {each.shortest(), each.longest()}) {
                if (dependsOnContent) {
                    IllegalArgumentException refused =
                            assertThrows(IllegalArgumentException.class, () -> encoder.checkLength(length));
                    assertTrue(String.valueOf(refused.getMessage()).contains("depend on the content"));
                } else {
                    encoder.checkLength(length);
                }
            }
        }
    }

    @Test
    void oneByteBeyondTheLimitIsRefusedByTheReceiver() throws Exception {
        for (ProtocolCase each : ProtocolCase.framed()) {
            boolean canBeSent = !(each.protocol() instanceof FixedProtocol) && each.longest() == MAX;
            if (canBeSent) {
                FrameEncoder encoder = each.newEncoder();
                byte[] filler = new byte[MAX + 1];
                Arrays.fill(filler, (byte) 'x');
                byte[] largest = encode(encoder, List.of(each.framing().apply(Arrays.copyOf(filler, MAX))));
                assertEquals(
                        1, decode(each.protocol(), each.receiver(), largest, 1).size(), each + " at the limit");
                byte[] tooLarge = encode(encoder, List.of(each.framing().apply(filler)));
                FrameTooLongException refused = assertThrows(
                        FrameTooLongException.class,
                        () -> decode(each.protocol(), each.receiver(), tooLarge, 1),
                        each + " beyond the limit");
                String message = String.valueOf(refused.getMessage());
                // a line announces nothing, so nothing of it is called declared
                boolean declares = !(each.protocol() instanceof Delimiters);
                assertEquals(declares, message.contains("declared length"), message);
                assertTrue(message.contains("beyond the limit of "), message);
            }
        }
    }

    @Test
    void rawStreamComesBackAsTheConcatenation() throws Exception {
        Random random = new Random(SEED);
        FrameEncoder encoder = Protocol.raw().newEncoder(Side.CLIENT);
        encoder.checkLength(Long.MAX_VALUE);
        for (int round = 0; round < 200; round++) {
            byte[] stream = new byte[random.nextInt(400)];
            random.nextBytes(stream);
            encoder.check(ByteBuffer.wrap(stream));
            byte[] sent = encode(encoder, List.of(stream, new byte[0], stream));
            int[] cuts = random.ints(5, 1, 90).toArray();
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            decode(Protocol.raw(), Side.SERVER, sent, cuts).forEach(received::writeBytes);
            assertArrayEquals(sent, received.toByteArray(), "seed " + SEED + ", round " + round);
        }
    }

    private static List<byte[]> acceptedMessages(ProtocolCase each, FrameEncoder encoder, Random random) {
        List<byte[]> accepted = new ArrayList<>();
        for (int attempt = 0; attempt < 12; attempt++) {
            byte[] message = each.message(random, lengthFor(each, random, attempt));
            if (isAccepted(encoder, message)) {
                accepted.add(message);
            } else {
                assertTrue(each.looksInside(), each + " refused " + Arrays.toString(message));
            }
        }
        return accepted;
    }

    private static int lengthFor(ProtocolCase each, Random random, int attempt) {
        return switch (attempt) {
            case 0 -> each.shortest();
            case 1 -> each.longest();
            case 2 -> Math.min(each.shortest() + 1, each.longest());
            default -> {
                int longest = each.looksInside() ? 12 : each.longest();
                yield each.shortest() + random.nextInt(longest - each.shortest() + 1);
            }
        };
    }

    private static boolean isAccepted(FrameEncoder encoder, byte[] message) {
        try {
            encoder.check(ByteBuffer.wrap(message));
            return true;
        } catch (IllegalArgumentException refused) {
            return false;
        }
    }

    private static String refusal(FrameEncoder encoder, byte[] message) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> encoder.check(ByteBuffer.wrap(message)))
                        .getMessage());
    }
}
