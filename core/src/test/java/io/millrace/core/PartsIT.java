package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;

/** Messages in parts: any length, however it arrives, in no more memory than a read needs. */
@Tag("engine")
class PartsIT {
    private static final int MIB = 1 << 20;

    /** Puts messages together again, and finds parts that do not fit. */
    private static final class Collecting implements PartHandler {
        private final LinkedBlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
        private final List<String> wrong = new ArrayList<>();
        private @Nullable ByteArrayOutputStream begun;
        private long expected = -1;

        @Override
        public synchronized void onPart(Session session, ByteBuffer part, long remaining) {
            ByteArrayOutputStream message = begun;
            if (message == null) {
                message = new ByteArrayOutputStream();
                begun = message;
                expected = part.remaining() + remaining;
            }
            if (part.remaining() + remaining != expected) {
                wrong.add(part.remaining() + " and " + remaining + " instead of " + expected);
            }
            if (!part.hasRemaining() && expected != 0) {
                wrong.add("an empty part of " + expected);
            }
            expected = remaining;
            while (part.hasRemaining()) {
                message.write(part.get());
            }
            if (remaining == 0) {
                messages.add(message.toByteArray());
                begun = null;
            }
        }

        byte[] next() throws InterruptedException {
            byte[] message = messages.poll(20, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message");
            }
            return message;
        }

        synchronized void expectNothingWrong() {
            assertEquals(List.of(), wrong);
        }
    }

    private final Collecting parts = new Collecting();

    private static byte[] random(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    @Permutation.Each
    void messagesOfAllLengthsComeBackTogetherHoweverTheyArrive(Permutation how) throws Exception {
        Random random = new Random(1);
        int[] lengths = {0, 1, 507, 508, 509, 0, 0, 4096, 65_535, 65_536, 69_632, 3, 200_000, 0};
        try (Loopback loopback = how.loopback().parts(parts).start()) {
            for (int way = 0; way < 3; way++) {
                Link link = loopback.open();
                List<byte[]> messages = new ArrayList<>();
                ByteArrayOutputStream stream = new ByteArrayOutputStream();
                for (int length : lengths) {
                    messages.add(random(random, way == 1 ? length % 700 : length));
                    stream.writeBytes(RawPeer.frame(messages.get(messages.size() - 1)));
                }
                byte[] bytes = stream.toByteArray();
                switch (way) {
                    case 0 -> link.peer().sendMeanwhile(bytes);
                    case 1 -> link.peer().drip(bytes);
                    default -> {
                        for (int from = 0; from < bytes.length; ) {
                            int to = Math.min(bytes.length, from + 1 + random.nextInt(5_000));
                            link.peer().send(bytes, from, to);
                            from = to;
                        }
                    }
                }
                for (byte[] message : messages) {
                    assertArrayEquals(message, parts.next());
                }
                assertEquals(lengths.length, link.session().stats().messagesReceived());
            }
            parts.expectNothingWrong();
        }
    }

    @Permutation.Each
    void linesInPartsLoseTheirEnds(Permutation how) throws Exception {
        try (Loopback loopback =
                how.loopback().protocol(Protocol.lines()).parts(parts).start()) {
            Link link = loopback.open();
            link.peer().drip("one\r\n\r\ntwo\nthree\r\n".getBytes(StandardCharsets.UTF_8));
            for (String line : List.of("one", "", "two", "three")) {
                assertEquals(line, new String(parts.next(), StandardCharsets.UTF_8));
            }
            parts.expectNothingWrong();
        }
    }

    @Permutation.Each
    void messageLargerThanAllMemoryPasses(Permutation how) throws Exception {
        larger(how, 6 * MIB);
    }

    @Permutation.Each
    @Tag("heavy")
    void messageOf64MiBPassesThroughOneMiB(Permutation how) throws Exception {
        larger(how, 64 * MIB);
    }

    private void larger(Permutation how, int length) throws Exception {
        byte[] message = random(new Random(2), length);
        try (Loopback loopback = how.loopback()
                .bufferMemory(MIB)
                .protocol(Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(length)))
                .parts(parts)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<Void> sent = link.peer().sendMeanwhile(RawPeer.frame(message));
            assertArrayEquals(message, parts.next());
            sent.get(10, TimeUnit.SECONDS);
            link.peer().sendFrame((byte) 5);
            assertArrayEquals(new byte[] {5}, parts.next());
            parts.expectNothingWrong();
        }
    }

    @Permutation.Each
    void messageBeyondTheLimitIsRefusedBeforeItsFirstPart(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback()
                .protocol(Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(100)))
                .parts(parts)
                .start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 1, 9, 0, 0, 0, 101, 1, 2, 3});
            assertArrayEquals(new byte[] {9}, parts.next());
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            assertTrue(parts.messages.isEmpty());
        }
    }

    @Permutation.Each
    void throwInTheMiddleOfAMessageClosesItsSession(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback()
                .parts((session, part, remaining) -> {
                    if (remaining < 5) {
                        throw new IllegalStateException("on purpose");
                    }
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 10, 1, 2});
            LeakCheck.awaitSoon("taken", () -> link.session().stats().bytesReceived() == 6);
            link.peer().send(new byte[] {3, 4, 5, 6, 7, 8});
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.HANDLER, link.recording().awaitClose().kind());
            assertEquals(1, loopback.log().lines().size());
            loopback.log().clear();
        }
    }

    @Permutation.Each
    void endOfTheStreamInTheMiddleOfAMessageIsAProtocolError(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback().parts(parts).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 10, 1, 2, 3, 4, 5});
            link.peer().closeOutput();
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            assertTrue(parts.messages.isEmpty());
            assertEquals(5, parts.begun == null ? -1 : parts.begun.size());
        }
    }

    @Permutation.Each
    void requestsAreWholeWhereMessagesAreInParts(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback()
                .protocol(MillraceProtocol.create().maxPayloadBytes(MIB))
                .parts(parts)
                .start()) {
            Link link = loopback.open();
            byte[] message = random(new Random(3), 300_000);
            byte[] frame = new byte[message.length + 1];
            System.arraycopy(message, 0, frame, 1, message.length);
            link.peer().send(RawPeer.frame(frame));
            // a ping behind it, and a reply to our own request
            link.peer()
                    .send(RawPeer.frame(
                            ByteBuffer.allocate(9).put((byte) 4).putLong(8).array()));
            assertArrayEquals(message, parts.next());
            assertEquals(5, link.peer().readFrame()[0]);
            CompletableFuture<ByteBuffer> reply =
                    link.session().request(ByteBuffer.allocate(1), java.time.Duration.ofSeconds(20));
            long token = ByteBuffer.wrap(link.peer().readFrame()).getLong(1);
            byte[] answer = random(new Random(4), 200_000);
            link.peer()
                    .send(RawPeer.frame(ByteBuffer.allocate(9 + answer.length)
                            .put((byte) 2)
                            .putLong(token)
                            .put(answer)
                            .array()));
            ByteBuffer whole = reply.get(20, TimeUnit.SECONDS);
            assertEquals(ByteBuffer.wrap(answer), whole);
            parts.expectNothingWrong();
        }
    }
}
