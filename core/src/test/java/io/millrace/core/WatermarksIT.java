package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** W11 and the budget of the group: how senders learn that they must wait, and that they need not any more. */
@Tag("engine")
@NetworkTest
class WatermarksIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    /** Sends numbered messages until it is told to wait, and goes on only when it is told that it may. */
    private static final class Producer implements MessageHandler {
        private final int messages;
        private final int bytes;
        private final boolean untilRefused;
        private final AtomicInteger woken = new AtomicInteger();
        private final AtomicInteger nested = new AtomicInteger();
        private final AtomicInteger deepest = new AtomicInteger();

        // Confined to the callbacks.
        private int next;

        Producer(int messages, int bytes, boolean untilRefused) {
            this.messages = messages;
            this.bytes = bytes;
            this.untilRefused = untilRefused;
        }

        @Override
        public void onOpen(Session session) {
            produce(session);
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            throw new AssertionError("nothing is sent to it");
        }

        @Override
        public void onWritable(Session session) {
            woken.incrementAndGet();
            produce(session);
        }

        private void produce(Session session) {
            deepest.accumulateAndGet(nested.incrementAndGet(), Math::max);
            while (next < messages) {
                SendResult answer = session.send(ByteBuffer.allocate(bytes).putInt(0, next));
                next += answer.isAccepted() ? 1 : 0;
                if (answer == SendResult.REFUSED || (!untilRefused && answer == SendResult.CONGESTED)) {
                    break;
                }
            }
            nested.decrementAndGet();
        }
    }

    private static void produce(Permutation how, int mebibytes, boolean untilRefused) throws Exception {
        int bytes = 4 * KIB;
        int messages = mebibytes * MIB / bytes;
        Producer producer = new Producer(messages, bytes, untilRefused);
        try (Loopback loopback = how.loopback()
                .config(SessionConfig.builder()
                        .sendMarks(8 * KIB, 16 * KIB)
                        .sendLimit(64 * KIB)
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .handler(producer)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < messages; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
            }
            assertEquals(1, producer.deepest.get(), "it recursed");
            assertTrue(producer.woken.get() > 0);
        }
    }

    @Permutation.Each
    void producerThatWaitsForOnWritableIsNeverForgotten(Permutation how) throws Exception {
        produce(how, 20, false);
    }

    @Permutation.Each
    void producerThatIsRefusedIsToldWhenThereIsRoom(Permutation how) throws Exception {
        produce(how, 20, true);
    }

    @Permutation.Each
    @Tag("heavy")
    void hundredMiBFlowByOnWritableAlone(Permutation how) throws Exception {
        produce(how, 100, false);
        produce(how, 100, true);
    }

    @Test
    void exhaustedBudgetOfTheGroupIsNamedAndRelieved() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(4 * MIB)
                .config(SessionConfig.builder()
                        .sendMarks(0, 64 * MIB)
                        .sendLimit(64 * MIB)
                        .build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            int accepted = 0;
            while (link.session().send(new byte[64 * KIB]).isAccepted()) {
                accepted++;
            }
            Throwable refusal = assertThrows(ExecutionException.class, () -> link.session()
                            .sendAsync(ByteBuffer.allocate(2 * MIB))
                            .get(10, TimeUnit.SECONDS))
                    .getCause();
            assertInstanceOf(TransportException.class, refusal);
            assertTrue(String.valueOf(refusal.getMessage()).contains("bufferMemory"), refusal::toString);
            for (int i = 0; i < accepted; i++) {
                link.peer().readFrame();
            }
            assertTrue(link.session().send(new byte[MIB]).isAccepted());
            assertEquals(MIB, link.peer().readFrame().length);
        }
    }

    private static void flood(int peers, int limit, long budget) throws Exception {
        try (Loopback loopback = Loopback.builder()
                .bufferMemory(budget)
                .config(SessionConfig.builder()
                        .sendMarks(16 * KIB, 64 * KIB)
                        .sendLimit(limit)
                        .build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link bystander = loopback.openBystander();
            List<Link> flooded = new ArrayList<>();
            for (int i = 0; i < peers; i++) {
                flooded.add(loopback.open());
            }
            int refused = 0;
            for (int round = 0; round < 200; round++) {
                for (Link link : flooded) {
                    SendResult answer = round % 2 == 0
                            ? link.session().send(new byte[20_000])
                            : link.session().transfer(ByteBuffer.allocateDirect(20_000), () -> {});
                    refused += answer == SendResult.REFUSED ? 1 : 0;
                }
                if (round % 20 == 0) {
                    assertTrue(loopback.stats().bufferBytesHeld() <= budget, loopback.stats()::toString);
                    assertTrue(loopback.stats().foreignBytes() <= budget, loopback.stats()::toString);
                }
            }
            assertTrue(refused > 0, "nobody was held back");
            for (int i = 0; i < 50; i++) {
                bystander.peer().sendFrame((byte) i);
                assertEquals((byte) i, bystander.peer().readFrame()[0]);
            }
            assertTrue(loopback.stats().bufferBytesHeld() <= budget, loopback.stats()::toString);
        }
    }

    @Test
    void peersThatNeverReadCostTheBudgetAndNoMore() throws Exception {
        flood(20, 256 * KIB, 16 * MIB);
    }

    @Test
    @Tag("heavy")
    void twoHundredPeersThatNeverReadCostTheBudgetAndNoMore() throws Exception {
        flood(200, 256 * KIB, 128 * MIB);
    }

    @Test
    void peersThatNeverReadAndCouldHaveMoreThanTheBudgetDoNotHurtABystander() throws Exception {
        flood(20, MIB, 16 * MIB);
    }

    @Permutation.Each
    void pongsOvertakeQueuedMessagesBetweenFrames(Permutation how) throws Exception {
        int pings = 20;
        int large = 300;
        try (Loopback loopback = how.loopback()
                .protocol(Protocol.millrace())
                .client()
                .config(SessionConfig.builder()
                        .sendMarks(0, 64 * MIB)
                        .sendLimit(64 * MIB)
                        .build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < large; i++) {
                ByteBuffer message = ByteBuffer.allocateDirect(20_000).putInt(0, i);
                SendResult answer = i % 2 == 0
                        ? link.session().send(message)
                        : link.session().transfer(message, () -> {});
                assertTrue(answer.isAccepted());
            }
            for (int i = 0; i < pings; i++) {
                link.peer()
                        .send(ByteBuffer.allocate(13)
                                .putInt(9)
                                .put((byte) 4)
                                .putLong(i)
                                .array());
            }
            // what is in flight goes first, and the socket buffers; but not the whole queue
            int messages = 0;
            int pongs = 0;
            int messagesBeforeTheLastPong = 0;
            while (messages < large || pongs < pings) {
                ByteBuffer frame = ByteBuffer.wrap(link.peer().readFrame());
                byte kind = frame.get();
                if (kind == 5) {
                    assertEquals(pongs++, frame.getLong());
                    messagesBeforeTheLastPong = messages;
                } else {
                    assertEquals(0, kind);
                    assertEquals(20_000, frame.remaining());
                    assertEquals(messages++, frame.getInt());
                }
            }
            assertTrue(messagesBeforeTheLastPong < large - 50, "behind " + messagesBeforeTheLastPong);
        }
    }
}
