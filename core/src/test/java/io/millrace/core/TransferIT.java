package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Fault;
import io.millrace.testing.Fault.Operation;
import io.millrace.testing.FaultPlan;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Buffers of the application's that are sent from where they are. */
@Tag("engine")
@NetworkTest
class TransferIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static void awaitNothingForeign(Loopback loopback) {
        Awaitility.await().until(() -> loopback.stats().foreignBytes() == 0);
    }

    @Permutation.Each
    void buffersOfAllSizesArriveInOrderAmongSendsAndComeBackOnce(Permutation how) throws Exception {
        int[] lengths = {1, 4 * KIB, 4 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB + 3, 8 * MIB, 16 * MIB};
        List<AtomicInteger> releases = new ArrayList<>();
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            for (boolean inHeap : new boolean[] {true, false}) {
                for (int length : lengths) {
                    byte[] bytes = pattern(length, length);
                    AtomicInteger released = new AtomicInteger();
                    ByteBuffer message = inHeap ? ByteBuffer.wrap(bytes) : direct(bytes);
                    assertTrue(link.session()
                            .transfer(message, released::incrementAndGet)
                            .isAccepted());
                    releases.add(released);
                    assertTrue(link.session()
                            .send(new byte[] {(byte) releases.size()})
                            .isAccepted());
                }
                for (int i = 0; i < lengths.length; i++) {
                    assertArrayEquals(
                            pattern(lengths[i], lengths[i]), link.peer().readFrame());
                    int expected = releases.size() - lengths.length + i + 1;
                    assertArrayEquals(new byte[] {(byte) expected}, link.peer().readFrame());
                }
            }
            awaitNothingForeign(loopback);
            Awaitility.await().untilAsserted(() -> releases.forEach(released -> assertEquals(1, released.get())));
        }
        releases.forEach(released -> assertEquals(1, released.get()));
    }

    /** A protocol with the bytes that carry a payload of 60 KiB. */
    private record Framed(Protocol protocol, byte[] head, byte[] tail) {
        @Override
        public String toString() {
            return protocol.toString();
        }
    }

    private static List<Framed> protocols() {
        int length = 60 * KIB;
        byte[] none = {};
        return List.of(
                new Framed(
                        Protocol.lengthPrefixed(),
                        ByteBuffer.allocate(4).putInt(length).array(),
                        none),
                new Framed(
                        PrefixHandler.int64(),
                        ByteBuffer.allocate(8).putLong(length).array(),
                        none),
                new Framed(
                        Protocol.millrace(),
                        ByteBuffer.allocate(5).putInt(length + 1).put((byte) 0).array(),
                        none),
                new Framed(Protocol.delimited((byte) 0), none, new byte[] {0}),
                new Framed(Protocol.fixed(length), none, none),
                new Framed(Protocol.raw(), none, none));
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void everyProtocolFramesWhatIsTransferred(Framed framed) throws Exception {
        byte[] payload = "x".repeat(60 * KIB).getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        AtomicInteger released = new AtomicInteger();
        try (Loopback loopback = Loopback.builder()
                .protocol(framed.protocol())
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 6; i++) {
                SendResult answer =
                        switch (i % 3) {
                            case 0 -> link.session().transfer(direct(payload), released::incrementAndGet);
                            case 1 -> link.session().transfer(ByteBuffer.wrap(payload), released::incrementAndGet);
                            default -> link.session().send(payload);
                        };
                assertEquals(SendResult.ACCEPTED, answer);
                expected.writeBytes(framed.head());
                expected.writeBytes(payload);
                expected.writeBytes(framed.tail());
            }
            assertArrayEquals(expected.toByteArray(), link.peer().readExactly(expected.size()));
            awaitNothingForeign(loopback);
            Awaitility.await().until(() -> released.get() == 4);
        }
    }

    @Test
    void onlyWhatIsBetweenPositionAndLimitIsSentAndTheBufferIsLeftAsItWas() throws Exception {
        byte[] bytes = pattern(200 * KIB, 1);
        try (Loopback loopback = Loopback.builder().handler(IGNORE).start()) {
            Link link = loopback.open();
            for (ByteBuffer message : List.of(ByteBuffer.wrap(bytes), direct(bytes))) {
                message.position(1_000).limit(150_000);
                // The second may come before it is known that the first has been written, and then there is much
                // queued.
                assertTrue(link.session().transfer(message, () -> {}).isAccepted());
                assertEquals(1_000, message.position());
                assertEquals(150_000, message.limit());
                assertArrayEquals(
                        Arrays.copyOfRange(bytes, 1_000, 150_000), link.peer().readFrame());
            }
        }
    }

    @Test
    void whatIsRefusedOrComesTooLateIsNeverGivenBack() throws Exception {
        AtomicInteger released = new AtomicInteger();
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(4 * MIB)
                .config(SessionConfig.builder()
                        .sendMarks(0, 8 * KIB)
                        .sendLimit(16 * KIB)
                        .build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            // far more than the socket buffers hold
            assertTrue(link.session().send(new byte[2 * MIB]).isAccepted());
            ByteBuffer message = ByteBuffer.allocateDirect(16 * KIB);
            assertEquals(SendResult.REFUSED, link.session().transfer(message, released::incrementAndGet));
            assertEquals(0, loopback.stats().foreignBytes());
            Link other = loopback.open();
            assertEquals(
                    SendResult.REFUSED,
                    other.session().transfer(ByteBuffer.allocate(5 * MIB), released::incrementAndGet),
                    "beyond the budget");
            assertThrows(IllegalArgumentException.class, () -> other.session()
                    .transfer(ByteBuffer.allocate(16 * MIB + 1), released::incrementAndGet));
            other.session().shutdownOutput();
            assertEquals(SendResult.CLOSED, other.session().transfer(message, released::incrementAndGet));
            other.session().close();
            assertEquals(SendResult.CLOSED, other.session().transfer(message, released::incrementAndGet));
            assertEquals(0, loopback.stats().foreignBytes());
        }
        assertEquals(0, released.get());
    }

    @Test
    void whatIsQueuedComesBackOnceWhenTheSessionIsAbortedOrThePeerResets() throws Exception {
        for (boolean reset : new boolean[] {true, false}) {
            List<AtomicInteger> releases = new ArrayList<>();
            try (Loopback loopback = Loopback.builder()
                    .config(ROOMY)
                    .handler(IGNORE)
                    .socketBuffers(8 * KIB)
                    .start()) {
                Link link = loopback.open();
                for (int i = 0; i < 20; i++) {
                    AtomicInteger released = new AtomicInteger();
                    ByteBuffer message = i % 2 == 0 ? ByteBuffer.allocate(MIB) : ByteBuffer.allocateDirect(MIB);
                    assertTrue(link.session()
                            .transfer(message, released::incrementAndGet)
                            .isAccepted());
                    releases.add(released);
                }
                assertEquals(20 * MIB, loopback.stats().foreignBytes(), "the peer reads nothing yet");
                link.peer().readExactly(2 * MIB + 100);
                if (reset) {
                    link.peer().reset();
                } else {
                    link.session().abort();
                }
                link.recording().awaitClose();
                loopback.awaitEnded();
                releases.forEach(released -> assertEquals(1, released.get()));
                assertEquals(0, loopback.stats().foreignBytes());
            }
        }
    }

    @Test
    void writeThatFailsGivesEverythingBackWhicheverItIs() throws Exception {
        for (int number = 1; number <= 4; number++) {
            AtomicInteger released = new AtomicInteger();
            FaultPlan plan = new FaultPlan();
            for (int i = 1; i < number; i++) {
                plan.at(Operation.WRITE, i, Fault.completingPartly(70_000));
            }
            plan.at(Operation.WRITE, number, Fault.failingElsewhere(new IOException("broken")));
            try (Loopback loopback = Loopback.builder()
                    .config(ROOMY)
                    .handler(IGNORE)
                    .channel(plan::over)
                    .start()) {
                Link link = loopback.open();
                int accepted = 0;
                for (int i = 0; i < 4; i++) {
                    ByteBuffer message = i % 2 == 0 ? ByteBuffer.allocate(MIB) : ByteBuffer.allocateDirect(MIB);
                    boolean taken = link.session()
                            .transfer(message, released::incrementAndGet)
                            .isAccepted();
                    accepted += taken ? 1 : 0;
                }
                link.recording().awaitClose();
                loopback.awaitEnded();
                assertEquals(accepted, released.get());
                assertEquals(0, loopback.stats().foreignBytes());
            }
        }
    }

    @Test
    void releaseThatThrowsIsLoggedAndHurtsNobody() throws Exception {
        try (Loopback loopback = Loopback.builder().handler(IGNORE).start()) {
            Link link = loopback.open();
            for (int length : new int[] {10, 100 * KIB}) {
                assertTrue(link.session()
                        .transfer(ByteBuffer.allocateDirect(length), () -> {
                            throw new AssertionError("thrown by a test");
                        })
                        .isAccepted());
                assertEquals(length, link.peer().readFrame().length);
            }
            awaitNothingForeign(loopback);
            assertTrue(link.session().isOpen());
            assertEquals(2, loopback.log().lines().size(), loopback.log()::toString);
            loopback.log().clear();
        }
    }

    @Test
    void manyThreadsTransferWithoutMixingAndEachInItsOrder() throws Exception {
        int threads = 8;
        int each = 60;
        AtomicInteger released = new AtomicInteger();
        try (Loopback loopback =
                Loopback.builder().config(ROOMY).handler(IGNORE).start()) {
            Link link = loopback.open();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                new Thread(() -> {
                            for (int i = 0; i < each; i++) {
                                byte[] bytes = marked(thread, i);
                                ByteBuffer message = i % 2 == 0 ? ByteBuffer.wrap(bytes) : direct(bytes);
                                link.session().transfer(message, released::incrementAndGet);
                            }
                        })
                        .start();
            }
            int[] next = new int[threads];
            for (int i = 0; i < threads * each; i++) {
                byte[] frame = link.peer().readFrame();
                int thread = ByteBuffer.wrap(frame).getInt();
                assertArrayEquals(marked(thread, next[thread]++), frame);
            }
            awaitNothingForeign(loopback);
            Awaitility.await().until(() -> released.get() == threads * each);
        }
    }

    private static byte[] marked(int thread, int number) {
        byte[] bytes = new byte[8 + (thread * 31 + number * 7_919) % 90_000];
        Arrays.fill(bytes, (byte) (thread * 31 + number));
        ByteBuffer.wrap(bytes).putInt(thread).putInt(number);
        return bytes;
    }

    @Test
    void bufferThatWasGivenBackIsNotHeldByAnIdleSession() throws Exception {
        try (Loopback loopback = Loopback.builder().handler(IGNORE).start()) {
            Link link = loopback.open();
            WeakReference<ByteBuffer> sent = transferAndForget(link);
            Awaitility.await().until(() -> {
                System.gc();
                return sent.get() == null;
            });
        }
    }

    private static WeakReference<ByteBuffer> transferAndForget(Link link) throws Exception {
        ByteBuffer message = ByteBuffer.allocateDirect(MIB);
        CountDownLatch released = new CountDownLatch(1);
        assertTrue(link.session().transfer(message, released::countDown).isAccepted());
        link.peer().readFrame();
        assertTrue(released.await(10, TimeUnit.SECONDS));
        return new WeakReference<>(message);
    }

    @Test
    void whoeverTheBudgetRefusesIsToldWhenItsOwnQueueIsShortAgain() throws Exception {
        CountDownLatch writable = new CountDownLatch(1);
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) {
                throw new AssertionError("nothing is sent to it");
            }

            @Override
            public void onWritable(Session session) {
                writable.countDown();
            }
        };
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(4 * MIB)
                .config(ROOMY.toBuilder().sendMarks(64 * KIB, 64 * MIB).build())
                .handler(handler)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            int accepted = 0;
            while (link.session()
                    .transfer(ByteBuffer.allocateDirect(MIB), () -> {})
                    .isAccepted()) {
                accepted++;
            }
            assertEquals(4, accepted);
            for (int i = 0; i < accepted; i++) {
                link.peer().readFrame();
            }
            assertTrue(writable.await(10, TimeUnit.SECONDS), "a wake-up was lost");
            assertTrue(link.session()
                    .transfer(ByteBuffer.allocateDirect(MIB), () -> {})
                    .isAccepted());
        }
    }

    @Permutation.Each
    void largeMessagesAreEchoedWithWhateverLiesBehindThem(Permutation how) throws Exception {
        MessageHandler echo = (session, message) -> {
            SendResult answer = session.transfer(message);
            assertTrue(answer.isAccepted(), answer::toString);
        };
        Random random = new Random(5);
        try (Loopback loopback = how.loopback()
                .handler(echo)
                .config(ROOMY)
                .socketBuffers(32 * KIB)
                .start()) {
            Link link = loopback.open();
            List<byte[]> sent = new ArrayList<>();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 60; i++) {
                byte[] payload = pattern(random.nextInt(i % 4 == 0 ? MIB : 3_000), i);
                sent.add(payload);
                all.writeBytes(ByteBuffer.allocate(4).putInt(payload.length).array());
                all.writeBytes(payload);
            }
            link.peer().sendMeanwhile(all.toByteArray());
            for (byte[] payload : sent) {
                assertArrayEquals(payload, link.peer().readFrame());
            }
        }
    }

    @Test
    void largeMessagesAreForwardedToAnotherSession() throws Exception {
        Session[] target = new Session[1];
        MessageHandler forward = (session, message) -> {
            if (session != target[0]) {
                assertTrue(target[0].transfer(message).isAccepted());
            }
        };
        try (Loopback loopback = Loopback.builder()
                .threads(4)
                .handler(forward)
                .config(ROOMY)
                .socketBuffers(32 * KIB)
                .start()) {
            Link receiver = loopback.open();
            target[0] = receiver.session();
            int senders = 4;
            int each = 15;
            for (int t = 0; t < senders; t++) {
                Link sender = loopback.open();
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                for (int i = 0; i < each; i++) {
                    byte[] bytes = large(t, i);
                    all.writeBytes(ByteBuffer.allocate(4).putInt(bytes.length).array());
                    all.writeBytes(bytes);
                }
                sender.peer().sendMeanwhile(all.toByteArray());
            }
            int[] next = new int[senders];
            for (int i = 0; i < senders * each; i++) {
                byte[] frame = receiver.peer().readFrame();
                int sender = ByteBuffer.wrap(frame).getInt();
                assertArrayEquals(large(sender, next[sender]++), frame);
            }
        }
    }

    private static byte[] large(int sender, int number) {
        byte[] bytes = new byte[number % 3 == 0 ? 10 : 200_000 + 1_000 * number];
        Arrays.fill(bytes, (byte) (sender * 31 + number));
        ByteBuffer.wrap(bytes).putInt(sender).putInt(number);
        return bytes;
    }

    @Test
    void partOfALargeMessageIsSentAloneAndTheFramesBehindItStayWhole() throws Exception {
        MessageHandler cut = (session, message) -> {
            if (message.remaining() > 10) {
                message.position(message.position() + 5).limit(message.limit() - 7);
            }
            assertTrue(session.transfer(message).isAccepted());
        };
        byte[] payload = pattern(300 * KIB, 3);
        try (Loopback loopback = Loopback.builder().handler(cut).config(ROOMY).start()) {
            Link link = loopback.open();
            ByteBuffer all = ByteBuffer.allocate(2 * (payload.length + 4) + 5 + 5);
            all.putInt(payload.length).put(payload);
            all.putInt(1).put((byte) 1);
            all.putInt(payload.length).put(payload);
            all.putInt(1).put((byte) 2);
            link.peer().sendMeanwhile(all.array());
            for (int i = 1; i <= 2; i++) {
                assertArrayEquals(
                        Arrays.copyOfRange(payload, 5, payload.length - 7),
                        link.peer().readFrame());
                assertArrayEquals(new byte[] {(byte) i}, link.peer().readFrame());
            }
        }
    }

    @Test
    void messageThatIsNotTakenStaysTheCallbacks() throws Exception {
        Session[] full = new Session[1];
        byte[] payload = pattern(300 * KIB, 4);
        MessageHandler handler = (session, message) -> {
            if (session == full[0]) {
                return;
            }
            assertFalse(full[0].transfer(message).isAccepted());
            assertFalse(full[0].transfer(message).isAccepted());
            byte[] copy = new byte[message.remaining()];
            message.get(message.position(), copy);
            assertArrayEquals(payload, copy, "it was changed");
            assertTrue(session.transfer(message).isAccepted());
        };
        try (Loopback loopback = Loopback.builder()
                .handler(handler)
                .config(SessionConfig.builder()
                        .sendMarks(0, 8 * KIB)
                        .sendLimit(16 * KIB)
                        .build())
                .socketBuffers(8 * KIB)
                .start()) {
            full[0] = loopback.open().session();
            // far more than the socket buffers hold
            assertTrue(full[0].send(new byte[2 * MIB]).isAccepted());
            for (int round = 0; round < 2; round++) {
                Link link = loopback.open();
                ByteBuffer all = ByteBuffer.allocate(2 * (payload.length + 4));
                all.putInt(payload.length).put(payload).putInt(payload.length).put(payload);
                link.peer().sendMeanwhile(all.array());
                assertArrayEquals(payload, link.peer().readFrame());
                assertArrayEquals(payload, link.peer().readFrame());
                full[0].abort();
                Awaitility.await().until(() -> !full[0].isOpen());
            }
        }
    }

    @Test
    void messageIsGivenAwayOnceOnly() throws Exception {
        byte[] payload = pattern(300 * KIB, 6);
        CountDownLatch told = new CountDownLatch(1);
        List<String> wrong = new ArrayList<>();
        MessageHandler twice = (session, message) -> {
            assertTrue(session.transfer(message).isAccepted());
            try {
                session.transfer(message);
                wrong.add("it was sent again, though its memory is somebody else's");
            } catch (IllegalStateException expected) {
                told.countDown();
            }
        };
        try (Loopback loopback = Loopback.builder().handler(twice).config(ROOMY).start()) {
            Link link = loopback.open();
            link.peer()
                    .sendMeanwhile(ByteBuffer.allocate(4 + payload.length)
                            .putInt(payload.length)
                            .put(payload)
                            .array());
            assertArrayEquals(payload, link.peer().readFrame());
            assertTrue(told.await(10, TimeUnit.SECONDS), wrong::toString);
        }
    }

    @Test
    void sessionThatIsClosedOrAbortedMeanwhileLeaksNothing() throws Exception {
        for (boolean abort : new boolean[] {true, false}) {
            for (boolean before : new boolean[] {true, false}) {
                MessageHandler handler = (session, message) -> {
                    Runnable end = abort ? session::abort : session::close;
                    if (before) {
                        end.run();
                        assertEquals(SendResult.CLOSED, session.transfer(message));
                    } else {
                        assertTrue(session.transfer(message).isAccepted());
                        end.run();
                    }
                };
                try (Loopback loopback =
                        Loopback.builder().handler(handler).config(ROOMY).start()) {
                    Link link = loopback.open();
                    link.peer().sendFrame(pattern(300 * KIB, 7));
                    if (!abort && !before) {
                        assertEquals(300 * KIB, link.peer().readFrame().length);
                    }
                    link.peer().closeOutput();
                    assertNull(link.recording().awaitClose().cause());
                    loopback.awaitEnded();
                    assertEquals(0, loopback.stats().buffersLeased());
                }
            }
        }
    }

    @Test
    void handlersOnAnExecutorSendCopies() throws Exception {
        byte[] payload = pattern(300 * KIB, 8);
        try (Loopback loopback = Loopback.builder()
                .handler((session, message) ->
                        assertTrue(session.transfer(message).isAccepted()))
                .executor(task -> new Thread(task).start())
                .config(ROOMY)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 3; i++) {
                link.peer().sendFrame(payload);
                assertArrayEquals(payload, link.peer().readFrame());
            }
        }
    }
}
