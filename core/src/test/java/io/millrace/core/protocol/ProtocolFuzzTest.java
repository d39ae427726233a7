package io.millrace.core.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.MalformedFrameException;
import io.millrace.testing.Hex;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * F09: whatever arrives, a decoder gives messages or the protocol's error, and nothing else; whatever an encoder
 * accepts comes back as one message.
 *
 * <p>A failure names seed and round. {@code -Dmillrace.fuzz.seed=...} replays a run; the long one of the heavy tests
 * lasts {@code -Dmillrace.fuzz.seconds=...}, 120 by default.
 */
class ProtocolFuzzTest {
    private static final int ROUNDS = 60_000;
    private static final long FIXED_SEED = 20_260_101;

    /** Odd, so that the rounds of one seed have seeds of their own. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final FuzzCorpus corpus = new FuzzCorpus();
    private final List<ProtocolCase> protocols = protocols();

    private static List<ProtocolCase> protocols() {
        List<ProtocolCase> all = new ArrayList<>(ProtocolCase.framed());
        int longest = ProtocolCase.MAX;
        int replyHeader = SeedProtocol.REPLY_HEADER_BYTES;
        SeedProtocol seed = SeedProtocol.create().maxPayloadBytes(longest);
        all.add(new ProtocolCase(seed.keepingReplyHeader(), Side.SERVER, 0, longest, replyHeader, body -> body));
        all.add(new ProtocolCase(Protocol.raw(), Side.CLIENT, 0, longest, Integer.MAX_VALUE - longest, body -> body));
        // the prefixes are many and alike: the others have their turn as often
        List<ProtocolCase> others = all.stream()
                .filter(each -> !(each.protocol() instanceof PrefixHandler))
                .toList();
        while (all.size() < 2 * ProtocolCase.prefixed().size()) {
            all.addAll(others);
        }
        return all;
    }

    @Test
    @Tag("framing")
    void anyBytesGiveMessagesOrTheProtocolErrorAndNothingElse() {
        long seed = Long.getLong("millrace.fuzz.seed", FIXED_SEED);
        int malformed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            malformed += runRound(seed, round) ? 0 : 1;
        }
        // or the corpus has become so wild, or so tame, that it finds nothing
        assertTrue(malformed > ROUNDS / 10 && malformed < ROUNDS * 9 / 10, malformed + " of " + ROUNDS + " refused");
    }

    @Test
    @Tag("heavy")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void anyBytesGiveMessagesOrTheProtocolErrorForMinutes() {
        long seed = Long.getLong("millrace.fuzz.seed", System.nanoTime());
        long nanos = TimeUnit.SECONDS.toNanos(Long.getLong("millrace.fuzz.seconds", 120));
        System.out.println("fuzzing with -Dmillrace.fuzz.seed=" + seed);
        long start = System.nanoTime();
        long round = 0;
        while (System.nanoTime() - start < nanos) {
            runRound(seed, round++);
        }
        System.out.println("fuzzed " + round + " streams");
    }

    /** Returns whether the stream was all messages, as far as it went. */
    private boolean runRound(long seed, long round) {
        Random random = new Random(seed ^ (round * SPREAD));
        ProtocolCase each = protocols.get(random.nextInt(protocols.size()));
        byte[] stream = corpus.stream(each, random);
        int[] pieces = random.ints(4, 1, 2 + random.nextInt(100)).toArray();
        try {
            boolean sound = isDecoded(each, stream, pieces);
            sendBack(each, stream);
            return sound;
        } catch (Throwable e) {
            throw new AssertionError(
                    each + ", seed " + seed + ", round " + round + ", cut as " + Arrays.toString(pieces) + ": "
                            + Hex.of(stream),
                    e);
        }
    }

    private static boolean isDecoded(ProtocolCase each, byte[] stream, int[] pieces) {
        try {
            for (byte[] message : Frames.decode(each.protocol(), each.receiver(), stream, pieces)) {
                assertTrue(message.length <= each.longest() + each.received(), message.length + " bytes");
            }
            return true;
        } catch (MalformedFrameException refused) {
            assertTrue(String.valueOf(refused.getMessage()).length() > 10, "it explains itself");
            return false;
        }
    }

    /** What an encoder accepts is one message at the other side, whatever is in it. */
    private static void sendBack(ProtocolCase each, byte[] message) throws MalformedFrameException {
        FrameEncoder encoder = each.newEncoder();
        try {
            encoder.check(ByteBuffer.wrap(message));
        } catch (IllegalArgumentException refused) {
            return;
        }
        boolean numbered =
                each.received() == SeedProtocol.REPLY_HEADER_BYTES && each.protocol() instanceof SeedProtocol;
        if (!numbered && each.protocol().pairing() != Pairing.NONE) {
            byte[] stream = Frames.encode(encoder, List.of(message, message));
            Frames.assertSame(
                    List.of(message, message),
                    Frames.decode(each.protocol(), each.receiver(), stream, 1 + message.length / 3),
                    "sent back");
        }
    }
}
