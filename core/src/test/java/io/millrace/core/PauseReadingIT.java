package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;

/** K04: pausing and resuming, by whomever and whenever. */
@Tag("engine")
class PauseReadingIT {
    private static final int MIB = 1 << 20;

    /** Pauses in onOpen. */
    private static class PausedFromTheStart implements MessageHandler {
        private final CountDownLatch opened = new CountDownLatch(1);
        private final AtomicLong bytes = new AtomicLong();

        @Override
        public void onOpen(Session session) {
            session.pauseReading();
            opened.countDown();
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            bytes.addAndGet(message.remaining());
        }

        void awaitOpen() throws InterruptedException {
            assertTrue(opened.await(10, TimeUnit.SECONDS));
        }
    }

    private static void passThroughTheIoThreads(Loopback loopback, Permutation how) throws Exception {
        for (int i = 0; i < 10 * how.threads(); i++) {
            CountDownLatch passed = new CountDownLatch(1);
            loopback.runtime().execute(passed::countDown);
            assertTrue(passed.await(10, TimeUnit.SECONDS));
        }
    }

    @Permutation.Each
    void pausesAndResumesOfManyThreadsUnderTrafficLoseAndStallNothing(Permutation how) throws Exception {
        int messages = 3_000;
        AtomicBoolean over = new AtomicBoolean();
        try (Loopback loopback = how.loopback().start()) {
            Link link = loopback.open();
            CompletableFuture<?>[] togglers = new CompletableFuture<?>[8];
            for (int t = 0; t < togglers.length; t++) {
                togglers[t] = CompletableFuture.runAsync(
                        () -> {
                            while (!over.get()) {
                                link.session().pauseReading();
                                link.session().resumeReading();
                                Thread.yield();
                            }
                        },
                        task -> new Thread(task).start());
            }
            try {
                ByteBuffer stream = ByteBuffer.allocate(messages * 104);
                for (int i = 0; i < messages; i++) {
                    stream.put(RawPeer.frame(ByteBuffer.allocate(100).putInt(i).array()));
                }
                CompletableFuture<Void> sent = link.peer().sendMeanwhile(stream.array());
                for (int i = 0; i < messages; i++) {
                    assertEquals(
                            i, ByteBuffer.wrap(link.peer().readFrame()).getInt(), () -> "stalled: " + link.recording());
                }
                sent.get(10, TimeUnit.SECONDS);
            } finally {
                over.set(true);
                CompletableFuture.allOf(togglers).get(20, TimeUnit.SECONDS);
            }
            link.peer().sendFrame((byte) 7);
            assertEquals(7, link.peer().readFrame()[0]);
        }
    }

    @Permutation.Each
    void pauseInOnOpenHoldsEverythingBackUntilTheResume(Permutation how) throws Exception {
        PausedFromTheStart handler = new PausedFromTheStart();
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            Link link = loopback.open();
            handler.awaitOpen();
            link.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2});
            passThroughTheIoThreads(loopback, how);
            assertEquals(0, handler.bytes.get());
            link.session().resumeReading();
            link.recording().awaitMessages(2);
        }
    }

    @Permutation.Each
    void framesThatHaveArrivedAreDeliveredByTheResumeAlone(Permutation how) throws Exception {
        Semaphore paused = new Semaphore(0);
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> {
                    session.pauseReading();
                    paused.release();
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0, 1, 3});
            for (int i = 1; i <= 3; i++) {
                // A resume before the handler has paused would be undone by that pause.
                assertTrue(paused.tryAcquire(10, TimeUnit.SECONDS));
                passThroughTheIoThreads(loopback, how);
                assertEquals(i, link.recording().awaitMessages(i).size(), "one at a time");
                link.session().resumeReading();
            }
        }
    }

    @Permutation.Each
    void endOfTheStreamBehindManyBytesIsSeenAfterTheyAreDelivered(Permutation how) throws Exception {
        endBehind(how, MIB + MIB / 2);
    }

    @Permutation.Each
    @Tag("heavy")
    void endOfTheStreamBehind32MiBIsSeenAfterTheyAreDelivered(Permutation how) throws Exception {
        endBehind(how, 32 * MIB);
    }

    private static void endBehind(Permutation how, int bytes) throws Exception {
        int frame = 32 << 10;
        PausedFromTheStart handler = new PausedFromTheStart();
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            Link link = loopback.open();
            handler.awaitOpen();
            ByteBuffer stream = ByteBuffer.allocate(bytes / frame * (frame + Integer.BYTES));
            while (stream.hasRemaining()) {
                stream.put(RawPeer.frame(new byte[frame]));
            }
            CompletableFuture<Void> ended = link.peer()
                    .sendMeanwhile(stream.array())
                    .thenRun(() -> {
                        try {
                            link.peer().closeOutput();
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
            passThroughTheIoThreads(loopback, how);
            assertEquals(0, handler.bytes.get());
            assertTrue(link.session().isOpen());
            link.session().resumeReading();
            ended.get(20, TimeUnit.SECONDS);
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            assertEquals(bytes / frame * (long) frame, handler.bytes.get());
        }
    }

    @Permutation.Each
    void resetWhilePausedIsSeenByTheResume(Permutation how) throws Exception {
        PausedFromTheStart handler = new PausedFromTheStart();
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            Link link = loopback.open();
            handler.awaitOpen();
            link.peer().reset();
            passThroughTheIoThreads(loopback, how);
            // with an executor a read may have begun before the pause, and sees the reset at once
            assertTrue(how.handlers() == Permutation.Handlers.EXECUTOR
                    || link.session().isOpen());
            link.session().resumeReading();
            assertEquals(Kind.RESET, link.recording().awaitClose().kind());
        }
    }

    @Permutation.Each
    void pausedSessionCanBeClosed(Permutation how) throws Exception {
        PausedFromTheStart handler = new PausedFromTheStart();
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            for (boolean abort : new boolean[] {true, false}) {
                Link link = loopback.open();
                handler.awaitOpen();
                link.peer().sendFrame((byte) 1);
                if (abort) {
                    link.session().abort();
                } else {
                    link.session().close();
                    link.peer().readToEnd();
                    link.peer().close();
                }
                assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
                assertFalse(link.session().isOpen());
            }
        }
    }
}
