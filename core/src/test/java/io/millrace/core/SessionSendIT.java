package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sending and backpressure. */
@Tag("engine")
class SessionSendIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static SessionConfigBuilder marks(int low, int high, int limit) {
        return SessionConfig.builder().sendMarks(low, high).sendLimit(limit);
    }

    /** Sends until the queue is beyond the given length: the connection itself holds no more then. */
    private static void fill(Session session, int messageBytes, long queuedBytes) {
        while (session.queuedBytes() < queuedBytes) {
            assertTrue(session.send(new byte[messageBytes]).isAccepted());
        }
    }

    @Test
    void slowReaderGetsManyMiBThroughSmallMarksInOrder() throws Exception {
        streamToSlowReader(5 * MIB);
    }

    @Test
    @Tag("heavy")
    void slowReaderGetsHundredMiBThroughSmallMarksInOrder() throws Exception {
        streamToSlowReader(100 * MIB);
    }

    /** The session echoes; the peer sends as fast as it can and reads slowly, so only a pause bounds the queue. */
    private static void streamToSlowReader(int bytes) throws Exception {
        int frameBytes = 1_024;
        int frames = bytes / frameBytes;
        int high = 16 * KIB;
        long[] worst = new long[1];
        MessageHandler echo = (session, message) -> {
            session.send(message);
            worst[0] = Math.max(worst[0], session.queuedBytes());
        };
        try (Loopback loopback = Loopback.builder()
                .config(marks(8 * KIB, high, 4 * MIB).build())
                .handler(echo)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            ByteBuffer all = ByteBuffer.allocate(frames * frameBytes);
            for (int i = 0; i < frames; i++) {
                all.putInt(frameBytes - 4).putInt(i).position((i + 1) * frameBytes);
            }
            CompletableFuture<Void> sent = link.peer().sendMeanwhile(all.array());
            for (int i = 0; i < frames; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
            }
            sent.get(10, TimeUnit.SECONDS);
            assertTrue(worst[0] <= high + frameBytes, "queue of " + worst[0]);
            assertTrue(worst[0] > 8 * KIB, "the peer was never slow: " + worst[0]);
        }
    }

    @Test
    void peerThatNeverReadsPausesItsSessionAndIsClosedAsStalled() throws Exception {
        int frameBytes = 1_024;
        try (Loopback loopback = Loopback.builder()
                .config(marks(8 * KIB, 16 * KIB, 4 * MIB)
                        .writeProgressTimeout(Duration.ofMillis(700))
                        .build())
                .socketBuffers(8 * KIB)
                .start()) {
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            CompletableFuture<Void> sending = link.peer().sendMeanwhile(frames(20_000, frameBytes));
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.STALLED, reason.kind());
            assertTrue(reason.detail().contains("700 ms"), reason.detail());
            // the socket buffers and the queue hold some of the 20,000; a session that went on reading had them all
            int delivered = link.recording().messages().size();
            assertTrue(delivered < 5_000, "it went on reading: " + delivered);
            assertTrue(
                    loopback.stats().bufferBytesHeld() <= 8 * MIB,
                    loopback.stats().toString());
            assertThrows(Exception.class, () -> sending.get(10, TimeUnit.SECONDS), "the peer is told");
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
        }
    }

    private static byte[] frames(int count, int frameBytes) {
        ByteBuffer all = ByteBuffer.allocate(count * frameBytes);
        for (int i = 0; i < count; i++) {
            all.putInt(frameBytes - 4).position((i + 1) * frameBytes);
        }
        return all.array();
    }

    @Test
    void slowPeerThatMakesProgressIsNotClosed() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(marks(0, 4 * MIB, 4 * MIB)
                        .writeProgressTimeout(Duration.ofMillis(300))
                        .build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            fill(link.session(), 64 * KIB, 3 * MIB);
            long startNanos = System.nanoTime();
            while (System.nanoTime() - startNanos < Duration.ofMillis(1_500).toNanos()) {
                long before = link.session().queuedBytes();
                while (link.session().queuedBytes() == before) {
                    link.peer().readExactly(4 * KIB);
                }
                // the timer has to pass between two reads: that is what makes the peer slow
                long pauseEnd = System.nanoTime() + Duration.ofMillis(60).toNanos();
                Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> System.nanoTime() - pauseEnd >= 0);
            }
            assertTrue(link.session().isOpen(), String.valueOf(link.session().closeReason()));
        }
    }

    @Test
    void clientSideNeverStopsReadingBecauseOfItsOwnQueue() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .client()
                .config(marks(0, 16 * KIB, 64 * KIB).build())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            fill(link.session(), 8 * KIB, 20 * KIB);
            for (int i = 0; i < 100; i++) {
                link.peer().sendFrame(new byte[1_000]);
            }
            link.recording().awaitMessages(100);
        }
    }

    @Test
    void sessionThatWasPausedDeliversWhatItHeldBackOnceThePeerReads() throws Exception {
        Semaphore congested = new Semaphore(0);
        MessageHandler echo = (session, message) -> {
            if (session.send(message) == SendResult.CONGESTED) {
                congested.release();
            }
        };
        try (Loopback loopback = Loopback.builder()
                .handler(echo)
                .config(marks(4 * KIB, 8 * KIB, 4 * MIB).build())
                .socketBuffers(8 * KIB)
                .start()) {
            for (int round = 0; round < 20; round++) {
                Link link = loopback.open();
                CompletableFuture<Void> sent = link.peer().sendMeanwhile(frames(300, 1_024));
                // not the length of the queue: it may have come to rest between the marks
                assertTrue(congested.tryAcquire(10, TimeUnit.SECONDS), "the peer does not read, so it must pause");
                for (int i = 0; i < 300; i++) {
                    link.peer().readFrame();
                }
                sent.get(10, TimeUnit.SECONDS);
                link.peer().close();
                congested.drainPermits();
                assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            }
        }
    }

    @Test
    void framesOfManyThreadsKeepEachThreadsOrderAndNeverMix() throws Exception {
        int threads = 16;
        int each = 500;
        try (Loopback loopback = Loopback.builder()
                .config(marks(0, 64 * MIB, 64 * MIB).build())
                .handler(IGNORE)
                .start()) {
            Link link = loopback.open();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                new Thread(() -> {
                            for (int i = 0; i < each; i++) {
                                link.session().send(marked(thread, i));
                            }
                        })
                        .start();
            }
            expectOrder(link.peer(), threads, each);
        }
    }

    @Test
    void framesOfManySessionsSentToOneKeepTheirOrder() throws Exception {
        int senders = 8;
        int each = 300;
        Session[] target = new Session[1];
        MessageHandler relay = (session, message) -> {
            if (session != target[0]) {
                assertTrue(target[0].send(message).isAccepted());
            }
        };
        try (Loopback loopback = Loopback.builder()
                .threads(4)
                .config(marks(0, 64 * MIB, 64 * MIB).build())
                .handler(relay)
                .start()) {
            Link receiver = loopback.open();
            target[0] = receiver.session();
            for (int t = 0; t < senders; t++) {
                Link sender = loopback.open();
                ByteBuffer all = ByteBuffer.allocate(200 * each);
                int length = 0;
                for (int i = 0; i < each; i++) {
                    byte[] frame = RawPeer.frame(marked(t, i));
                    all.put(frame);
                    length += frame.length;
                }
                byte[] bytes = new byte[length];
                all.flip().get(bytes);
                sender.peer().sendMeanwhile(bytes);
            }
            expectOrder(receiver.peer(), senders, each);
        }
    }

    private static byte[] marked(int thread, int number) {
        ByteBuffer message = ByteBuffer.allocate(8 + (thread * 31 + number) % 100);
        message.putInt(thread).putInt(number);
        while (message.hasRemaining()) {
            message.put((byte) thread);
        }
        return message.array();
    }

    private static void expectOrder(RawPeer peer, int threads, int each) throws Exception {
        int[] next = new int[threads];
        for (int i = 0; i < threads * each; i++) {
            byte[] frame = peer.readFrame();
            int thread = ByteBuffer.wrap(frame).getInt();
            org.junit.jupiter.api.Assertions.assertArrayEquals(marked(thread, next[thread]++), frame);
        }
    }

    @Test
    void manyRepliesOfOneTurnLeaveTogether() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {
            for (int i = 0; i < 2_000; i++) {
                session.send(new byte[] {(byte) i});
            }
            assertEquals(2_000 * 5, session.queuedBytes(), "nothing is written before the turn ends");
        })) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < 2_000; i++) {
                assertEquals((byte) i, link.peer().readFrame()[0]);
            }
        }
    }
}
