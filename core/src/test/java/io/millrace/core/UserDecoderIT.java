package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** F12: what a decoder that a user has written may do wrong. Each session closes once, and nobody else is harmed. */
@Tag("engine")
class UserDecoderIT {
    /** A decoder of int32 frames, until a test overrides something. */
    private static class UserDecoder implements FrameDecoder {
        private int length;

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (in.remaining() < Integer.BYTES) {
                return UNKNOWN;
            }
            length = in.getInt();
            return Integer.BYTES + length;
        }

        @Override
        public int payloadOffset() {
            return Integer.BYTES;
        }

        @Override
        public int payloadLength() {
            return length;
        }
    }

    /** A decoder that answers what it was told. */
    private record Answers(int frameLength, int payloadOffset, int payloadLength) implements FrameDecoder {
        @Override
        public int frameLength(ByteBuffer in) {
            return frameLength;
        }
    }

    private interface Decoders {
        FrameDecoder make();
    }

    private static Loopback.Builder with(Decoders decoders) {
        return Loopback.builder().protocol(new Protocol() {
            @Override
            public FrameDecoder newDecoder(Side side) {
                return decoders.make();
            }

            @Override
            public FrameEncoder newEncoder(Side side) {
                return PrefixHandler.int32();
            }
        });
    }

    /** Opens a session, sends it a few frames, and expects it to close for its decoder's sake. */
    private static CloseReason reasonOf(Decoders decoders) throws Exception {
        try (Loopback loopback = with(decoders).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[40]);
            // or the session would linger; its end may be a reset, for it has sent what nobody read
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertEquals(List.of("onOpen", "onClose"), link.recording().events());
            // It is a fault of the application's, whatever the peer has sent.
            String level = reason.cause() instanceof Error ? "ERROR" : "WARN";
            assertTrue(
                    loopback.log().lines().toString().contains(level + " decoder threw"),
                    () -> loopback.log().lines().toString());
            loopback.log().clear();
            return reason;
        }
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                Arguments.of(new IllegalStateException("on purpose")),
                Arguments.of(new AssertionError("on purpose")),
                Arguments.of(new StackOverflowError("on purpose")));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void decoderThatThrowsClosesItsSessionOnceWithTheCause(Throwable fault) throws Exception {
        CloseReason measuring = reasonOf(() -> new UserDecoder() {
            @Override
            public int frameLength(ByteBuffer in) {
                throw thrown(fault);
            }
        });
        assertSame(fault, measuring.cause());
        assertTrue(measuring.detail().contains("on purpose"), measuring.detail());
        assertSame(
                fault,
                reasonOf(() -> new UserDecoder() {
                            @Override
                            public int payloadOffset() {
                                throw thrown(fault);
                            }
                        })
                        .cause());
        assertSame(
                fault,
                reasonOf(() -> new UserDecoder() {
                            @Override
                            public int payloadLength() {
                                throw thrown(fault);
                            }
                        })
                        .cause());
    }

    /** Throws it; the result is only for the compiler. */
    private static RuntimeException thrown(Throwable fault) {
        if (fault instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) fault;
    }

    static Stream<Arguments> nonsense() {
        return Stream.of(
                Arguments.of(new Answers(-1, 0, 0)),
                Arguments.of(new Answers(Integer.MIN_VALUE, 0, 0)),
                Arguments.of(new Answers(4, 0, 5)),
                Arguments.of(new Answers(4, 5, 0)),
                Arguments.of(new Answers(4, 2, 3)),
                Arguments.of(new Answers(4, -1, 4)),
                Arguments.of(new Answers(4, 0, -2)),
                Arguments.of(new Answers(4, Integer.MAX_VALUE, Integer.MAX_VALUE)),
                Arguments.of(new Answers(4, 5, FrameDecoder.TOO_LONG)),
                Arguments.of(new Answers(-1, 0, FrameDecoder.TOO_LONG)));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void decoderThatAnswersNonsenseClosesItsSessionAndItsAnswersAreShown(FrameDecoder nonsense) throws Exception {
        Answers answers = (Answers) nonsense;
        String detail = reasonOf(() -> nonsense).detail();
        assertTrue(detail.contains("a frame of " + answers.frameLength() + " bytes"), detail);
        assertTrue(detail.contains("at " + answers.payloadOffset()), detail);
    }

    @Test
    void decoderThatNeverKnowsIsFedUntilTheStreamEnds() throws Exception {
        try (Loopback loopback =
                with(() -> new Answers(FrameDecoder.UNKNOWN, 0, 0)).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[5_000]);
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertTrue(reason.detail().contains("after 5000 bytes"), reason.detail());
        }
    }

    @Test
    void decoderThatNeverKnowsIsStoppedByTheLimitOnMemory() throws Exception {
        try (Loopback loopback = with(new Decoders() {
                    private boolean bystander = true;

                    @Override
                    public FrameDecoder make() {
                        FrameDecoder made = bystander ? new UserDecoder() : new Answers(FrameDecoder.UNKNOWN, 0, 0);
                        bystander = false;
                        return made;
                    }
                })
                .bufferMemory(4 << 20)
                .start()) {
            Link bystander = loopback.openBystander();
            expectEcho(bystander);
            Link link = loopback.open();
            link.peer().sendMeanwhile(new byte[8 << 20]);
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.REJECTED, reason.kind());
            assertTrue(reason.detail().contains("bufferMemory"), reason.detail());
            expectEcho(bystander);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 30, Integer.MAX_VALUE})
    void frameThatNeverEndsTakesMemoryForWhatArrivesOnly(int frameLength) throws Exception {
        try (Loopback loopback =
                with(() -> new Answers(frameLength, 4, frameLength - 4)).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[5_000]);
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertTrue(reason.detail().contains("after 5000 of " + frameLength + " bytes"), reason.detail());
            assertTrue(
                    loopback.stats().bufferBytesHeld() <= 2 << 20,
                    loopback.stats().toString());
        }
    }

    @Test
    void decoderMayLeaveTheBufferAsItLikes() throws Exception {
        try (Loopback loopback = with(() -> new UserDecoder() {
                    @Override
                    public int frameLength(ByteBuffer in) throws MalformedFrameException {
                        int length = super.frameLength(in);
                        in.clear().order(ByteOrder.LITTLE_ENDIAN).limit(0);
                        return length;
                    }
                })
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 3; i++) {
                link.peer().drip(RawPeer.frame((byte) 1, (byte) 2));
                assertArrayEquals(new byte[] {1, 2}, link.peer().readFrame());
                expectEcho(link);
            }
        }
    }

    private static void expectEcho(Link link) throws Exception {
        link.peer().sendFrame((byte) 7);
        assertArrayEquals(new byte[] {7}, link.peer().readFrame());
    }
}
