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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A callback that sends much puts it together without the queue's lock; nobody may notice. */
@Tag("engine")
class GatheredSendsIT {
    private static final int MANY = 50;

    /** Refuses messages of one length, but only when it has begun to write them. */
    private static final class Choosy implements Protocol, FrameEncoder {
        static final int REFUSED_BYTES = 24;

        private final PrefixHandler frames = PrefixHandler.int32();

        @Override
        public FrameDecoder newDecoder(Side side) {
            return frames.newDecoder(side);
        }

        @Override
        public FrameEncoder newEncoder(Side side) {
            return this;
        }

        @Override
        public void check(ByteBuffer payload) {
            frames.check(payload);
        }

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return frames.headerLength(kind, payloadLength);
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            frames.putHeader(out, kind, token, payloadLength);
            if (payloadLength == REFUSED_BYTES) {
                throw new IllegalStateException("not this one");
            }
        }
    }

    private static ByteBuffer numbered(int number, int bytes) {
        return ByteBuffer.allocate(bytes).putInt(0, number);
    }

    private static int number(byte[] frame) {
        return ByteBuffer.wrap(frame).getInt();
    }

    /** Runs a callback with a session once, and returns the numbers of the frames that its peer gets. */
    private static List<Integer> numbersAfter(int frames, MessageHandler handler) throws Exception {
        try (Loopback loopback = Loopback.of(handler)) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            List<Integer> numbers = new ArrayList<>();
            for (int i = 0; i < frames; i++) {
                numbers.add(number(link.peer().readFrame()));
            }
            return numbers;
        }
    }

    private static List<Integer> upTo(int count) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(i);
        }
        return all;
    }

    @Test
    void everyWayToSendKeepsItsPlaceAmongTheOthers() throws Exception {
        List<Integer> numbers = numbersAfter(4 * MANY, (session, message) -> {
            for (int i = 0; i < 4 * MANY; ) {
                session.send(numbered(i++, 20));
                session.send(numbered(i++, 20));
                switch (i / 4 % 3) {
                    case 0 -> session.sendAsync(numbered(i++, 20));
                    case 1 -> session.transfer(ByteBuffer.allocateDirect(5_000).putInt(0, i++), () -> {});
                    default -> session.send(numbered(i++, 20), failure -> {});
                }
                session.send(numbered(i++, 20));
            }
        });
        assertEquals(upTo(4 * MANY), numbers);
    }

    @Test
    void messageThatDoesNotFitBehindTheFirstOneComesSecondAllTheSame() throws Exception {
        for (int bytes : new int[] {400, 500, 505, 508, 512, 1_000, 8_000, 70_000}) {
            List<Integer> numbers = numbersAfter(6, (session, message) -> {
                for (int i = 0; i < 6; i++) {
                    session.send(numbered(i, i % 2 == 0 ? 20 : bytes));
                }
            });
            assertEquals(upTo(6), numbers, bytes + " bytes");
        }
    }

    @Test
    void sendingToTwoSessionsInTurnKeepsTheOrderOfEach() throws Exception {
        List<Session> sessions = new ArrayList<>();
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < MANY; i++) {
                for (Session each : sessions) {
                    each.send(numbered(i, 20));
                    each.send(numbered(i, 20));
                    each.send(numbered(i, 20));
                }
            }
        })) {
            Link one = loopback.open();
            Link other = loopback.open();
            sessions.addAll(List.of(one.session(), other.session()));
            one.peer().sendFrame((byte) 1);
            for (Link link : List.of(one, other)) {
                for (int i = 0; i < 3 * MANY; i++) {
                    assertEquals(i / 3, number(link.peer().readFrame()));
                }
            }
        }
    }

    @Test
    void otherThreadsKeepTheirOrderWhileACallbackGathers() throws Exception {
        int count = 20_000;
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < 10; i++) {
                session.send(message.duplicate());
            }
        })) {
            Link link = loopback.open();
            CompletableFuture<Void> asked = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < count / 10; i++) {
                    sendFrame(link, numbered(i, 8).array());
                }
            });
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < count; ) {
                    // Of another length, and so told apart from the callback's.
                    if (link.session().send(numbered(i, 12)).isAccepted()) {
                        i++;
                    }
                }
            });
            int ofCallback = 0;
            int ofThread = 0;
            while (ofCallback < count || ofThread < count) {
                byte[] frame = link.peer().readFrame();
                if (frame.length == 8) {
                    assertEquals(ofCallback++ / 10, number(frame));
                } else {
                    assertEquals(ofThread++, number(frame));
                }
            }
            asked.get(10, TimeUnit.SECONDS);
            sent.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void whoSendsAfterACallbackHasSentIsBehindItAndInFrontOfWhatItSendsLater() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < MANY; i += 5) {
                for (int own = 0; own < 4; own++) {
                    session.send(numbered(i + own, 20));
                }
                int next = i + 4;
                assertEquals(
                        SendResult.ACCEPTED,
                        other.submit(() -> session.send(numbered(next, 20))).get(10, TimeUnit.SECONDS));
            }
        })) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < MANY; i++) {
                assertEquals(i, number(link.peer().readFrame()));
            }
        } finally {
            other.shutdownNow();
        }
    }

    private static void sendFrame(Link link, byte[] payload) {
        try {
            link.peer().sendFrame(payload);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void callbackSeesWhatItHasSentInTheCounters() throws Exception {
        List<Long> seen = new ArrayList<>();
        numbersAfter(3, (session, message) -> {
            for (int i = 0; i < 3; i++) {
                session.send(numbered(i, 20));
                seen.add(session.queuedBytes());
                seen.add(session.stats().messagesSent());
            }
        });
        assertEquals(List.of(24L, 1L, 48L, 2L, 72L, 3L), seen);
    }

    @Test
    void whatWasSentBeforeTheOutputIsShutLeavesAndNothingIsTakenAfterwards() throws Exception {
        AtomicReference<@Nullable SendResult> late = new AtomicReference<>();
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < 3; i++) {
                session.send(numbered(i, 20));
            }
            session.shutdownOutput();
            late.set(session.send(numbered(9, 20)));
        })) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < 3; i++) {
                assertEquals(i, number(link.peer().readFrame()));
            }
            link.peer().expectEndOfStream();
            assertEquals(SendResult.CLOSED, late.get());
        }
    }

    @Test
    void callbackThatClosesHasSentAllThatItWasToldIsAccepted() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < MANY; i++) {
                session.send(numbered(i, 20));
            }
            session.close();
        })) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < MANY; i++) {
                assertEquals(i, number(link.peer().readFrame()));
            }
            link.peer().expectEndOfStream();
        }
    }

    @Test
    void sessionThatIsAbortedWhileAnotherOneGathersForItEndsAndGivesEverythingBack() throws Exception {
        for (int round = 0; round < 100; round++) {
            AtomicReference<@Nullable Session> target = new AtomicReference<>();
            try (Loopback loopback = Loopback.builder()
                    .threads(2)
                    .handler((session, message) -> {
                        Session other = target.get();
                        for (int i = 0; other != null && i < MANY; i++) {
                            other.send(numbered(i, 20));
                        }
                    })
                    .start()) {
                Link from = loopback.open();
                Link to = loopback.open();
                target.set(to.session());
                from.peer().sendFrame((byte) 1);
                to.session().abort();
                to.recording().awaitClose();
            }
        }
    }

    @Test
    void encoderThatThrowsInTheMiddleLeavesTheOtherMessagesWhole() throws Exception {
        List<Throwable> thrown = new ArrayList<>();
        try (Loopback loopback = Loopback.builder()
                .protocol(new Choosy())
                .handler((session, message) -> {
                    for (int i = 0; i < 6; i++) {
                        try {
                            session.send(numbered(i, i == 3 ? Choosy.REFUSED_BYTES : 20));
                        } catch (IllegalStateException expected) {
                            thrown.add(expected);
                        }
                    }
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            List<Integer> numbers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                numbers.add(number(link.peer().readFrame()));
            }
            assertEquals(List.of(0, 1, 2, 4, 5), numbers);
            assertEquals(1, thrown.size());
        }
    }
}
