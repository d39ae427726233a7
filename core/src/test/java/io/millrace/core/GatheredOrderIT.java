package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** While a callback puts messages together, others send to the same session: what has an order keeps it. */
@Tag("engine")
class GatheredOrderIT {
    private static final long TIMEOUT_SECONDS = 10;

    /** Numbers the frames of each session, as a protocol with a running number does. */
    private static final class Counting implements Protocol {
        private final PrefixHandler frames = PrefixHandler.int32();

        @Override
        public FrameDecoder newDecoder(Side side) {
            return frames.newDecoder(side);
        }

        @Override
        public FrameEncoder newEncoder(Side side) {
            return new FrameEncoder() {
                // Confined to the session, as the contract says.
                private int last;

                @Override
                public void check(ByteBuffer payload) {
                    frames.check(payload);
                }

                @Override
                public int headerLength(FrameKind kind, int payloadLength) {
                    return 2 * Integer.BYTES;
                }

                @Override
                public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
                    last++;
                    out.putInt(Integer.BYTES + payloadLength).putInt(last);
                }
            };
        }
    }

    /** Does something on another thread, and waits for it. */
    private static void meanwhile(Runnable task) throws Exception {
        CompletableFuture.runAsync(task).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private static ByteBuffer filled(int bytes, int content) {
        ByteBuffer message = ByteBuffer.allocate(bytes);
        while (message.hasRemaining()) {
            message.put((byte) content);
        }
        return message.flip();
    }

    private static void expectFilled(byte[] frame, int bytes, int content) {
        assertEquals(filled(bytes, content), ByteBuffer.wrap(frame));
    }

    @Test
    void messageInSeveralBuffersIsNotTakenApart() throws Exception {
        for (int bytes : new int[] {10_000, 65_000, 70_000, 140_000}) {
            try (Loopback loopback = Loopback.of((session, message) -> {
                session.send(filled(400, 1));
                session.send(filled(bytes, 2));
                session.send(filled(20, 3));
                meanwhile(() -> session.send(filled(30, 4)));
            })) {
                Link link = loopback.open();
                link.peer().sendFrame((byte) 1);
                int[] lengths = new int[5];
                for (int i = 0; i < 4; i++) {
                    byte[] frame = link.peer().readFrame();
                    lengths[frame[0]] = frame.length;
                    expectFilled(frame, frame.length, frame[0]);
                }
                assertEquals(List.of(400, bytes, 20, 30), List.of(lengths[1], lengths[2], lengths[3], lengths[4]));
            }
        }
    }

    @Test
    void repliesWithoutTokensKeepTheOrderOfTheirRequestsWhoeverGivesThem() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> {
                    byte[] number = {request.get(request.position())};
                    if (number[0] % 3 == 2) {
                        meanwhile(() -> reply.send(ByteBuffer.wrap(number)));
                    } else {
                        reply.send(ByteBuffer.wrap(number));
                    }
                })
                .start()) {
            Link link = loopback.open();
            ByteBuffer requests = ByteBuffer.allocate(5 * 60);
            for (int i = 0; i < 60; i++) {
                requests.putInt(1).put((byte) i);
            }
            link.peer().send(requests.array());
            for (int i = 0; i < 60; i++) {
                assertEquals(i, link.peer().readFrame()[0]);
            }
        }
    }

    @Test
    void messageInFrontOfAReplyWithoutTokenDoesNotLetALaterReplyOvertakeIt() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> {
                    byte[] number = {request.get(request.position())};
                    if (number[0] == 0) {
                        reply.send(ByteBuffer.wrap(number));
                        session.send(new byte[] {9});
                    } else {
                        meanwhile(() -> reply.send(ByteBuffer.wrap(number)));
                    }
                })
                .start()) {
            Link link = loopback.open();
            link.peer()
                    .send(
                            (byte) 0, (byte) 0, (byte) 0, (byte) 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 1,
                            (byte) 1);
            List<Integer> replies = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int number = link.peer().readFrame()[0];
                if (number != 9) {
                    replies.add(number);
                }
            }
            assertEquals(List.of(0, 1), replies);
        }
    }

    @Test
    void replyThatSetsOthersFreeLeavesWithThem() throws Exception {
        List<Reply> open = new ArrayList<>();
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> {
                    open.add(reply);
                    if (open.size() == 3) {
                        meanwhile(() -> {
                            open.get(1).send(new byte[] {1});
                            open.get(2).send(new byte[] {2});
                        });
                        open.get(0).send(new byte[] {0});
                    }
                })
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 3; i++) {
                link.peer().sendFrame((byte) i);
            }
            for (int i = 0; i < 3; i++) {
                assertEquals(i, link.peer().readFrame()[0]);
            }
        }
    }

    @Test
    void framesThatDependOnThoseBeforeThemAreMadeInTheOrderOfTheStream() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(new Counting())
                .handler((session, message) -> {
                    for (int i = 0; i < 10; i++) {
                        session.send(new byte[] {1});
                        if (i % 3 == 2) {
                            meanwhile(() -> session.send(new byte[] {2}));
                        }
                    }
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 1; i <= 13; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
            }
        }
    }

    @Test
    void whatAnotherSessionSendsBeforeAnUpgradeDoesNotComeBehindIt() throws Exception {
        // What one session sends to the other before, and after the other has changed over.
        String[][] messages = {{"one", "two", "three"}, {"one", "two"}, {"one", "three"}};
        for (String[] each : messages) {
            List<String> before = List.of(each).subList(0, each.length - 1);
            AtomicReference<@Nullable Session> target = new AtomicReference<>();
            CountDownLatch sent = new CountDownLatch(1);
            CountDownLatch upgraded = new CountDownLatch(1);
            CountDownLatch gathered = new CountDownLatch(1);
            CountDownLatch answered = new CountDownLatch(1);
            try (Loopback loopback = Loopback.builder()
                    .threads(2)
                    .protocol(Protocol.lines())
                    .answering((session, line, reply) -> {
                        if (line.remaining() == 1) {
                            reply.send(line);
                            return;
                        }
                        Session other = Objects.requireNonNull(target.get());
                        before.forEach(message -> other.send(text(message)));
                        sent.countDown();
                        await(upgraded);
                        other.send(text(each[each.length - 1]));
                        gathered.countDown();
                        await(answered);
                    })
                    .start()) {
                Link from = loopback.open();
                Link to = loopback.open();
                target.set(to.session());
                for (Link link : List.of(from, to)) {
                    // From here on it waits for its peer, and shares no thread with the other.
                    link.peer().send(text("1\n"));
                    assertEquals("1\n", string(link.peer().readExactly(2)));
                }
                from.peer().send(text("go\n"));
                await(sent);
                to.session().execute(() -> {
                    to.session().upgrade(Protocol.lengthPrefixed(), Loopback.ECHO);
                    upgraded.countDown();
                    awaitQuietly(gathered);
                    to.session().send(text("new"));
                    answered.countDown();
                });
                for (String line : before) {
                    assertEquals(line + "\n", string(to.peer().readExactly(line.length() + 1)));
                }
                Set<String> framed =
                        Set.of(string(to.peer().readFrame()), string(to.peer().readFrame()));
                assertEquals(Set.of("new", each[each.length - 1]), framed);
                // Nothing is left behind that would hold up what follows.
                to.peer().sendFrame(text("echo"));
                assertEquals("echo", string(to.peer().readFrame()));
            }
        }
    }

    private static String string(byte[] ascii) {
        return new String(ascii, StandardCharsets.US_ASCII);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            await(latch);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void emptyMessageBehindTheEndOfTheOutputIsAnsweredLikeAnyOther() throws Exception {
        AtomicReference<@Nullable SendResult> late = new AtomicReference<>();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.raw())
                .handler((session, message) -> {
                    session.send(filled(20, 1));
                    meanwhile(session::shutdownOutput);
                    late.set(session.send(ByteBuffer.allocate(0)));
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send((byte) 1);
            expectFilled(link.peer().readToEnd(), 20, 1);
            assertEquals(SendResult.CLOSED, late.get());
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void await(CountDownLatch latch) throws Exception {
        if (!latch.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("waited in vain");
        }
    }
}
