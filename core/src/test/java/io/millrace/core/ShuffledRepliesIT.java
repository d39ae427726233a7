package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thousand requests in flight, whose replies a peer without any code of ours gives in any order. */
@Tag("engine")
class ShuffledRepliesIT {
    private static final int IN_FLIGHT = 1_000;
    private static final int REQUEST_BYTES = 4 + 1 + 8 + 8;
    private static final int REPLY = 2;
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final long NOISE_BYTES = 256 << 10;

    /** The one that the read in flight has. */
    private static final int IDLE_BUFFERS = 1;

    /** Live heap, in bytes, and buffers leased, with nothing in flight. */
    private record Live(long heap, long buffers) {}

    /** Asks on one session, a thousand at a time, and checks every reply. */
    private static final class Asker {
        private final Link link;
        private final Semaphore permits = new Semaphore(IN_FLIGHT);
        private final AtomicLong answered = new AtomicLong();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        // Confined to the thread that asks.
        private int asked;

        Asker(Link link) {
            this.link = link;
        }

        /** Asks so many times, and returns when all have been answered. */
        void ask(int times) throws InterruptedException {
            for (int i = 0; i < times; i++) {
                acquire(1);
                long number = asked * 0x9E37_79B9_7F4A_7C15L;
                asked++;
                link.session()
                        .request(ByteBuffer.allocate(Long.BYTES).putLong(0, number), LONG)
                        .whenComplete((reply, failed) -> answered(number, reply, failed));
            }
            acquire(IN_FLIGHT);
            permits.release(IN_FLIGHT);
            assertEquals(asked, answered.get());
        }

        private void answered(long number, ByteBuffer reply, @Nullable Throwable failed) {
            if (failed != null) {
                failure.compareAndSet(null, failed);
            } else if (reply.remaining() != Long.BYTES || reply.getLong(0) != ~number) {
                failure.compareAndSet(null, new AssertionError("somebody else's reply: " + reply));
            }
            answered.incrementAndGet();
            permits.release();
        }

        private void acquire(int count) throws InterruptedException {
            if (!permits.tryAcquire(count, 60, TimeUnit.SECONDS)) {
                throw new AssertionError("stuck after " + answered.get() + " replies");
            }
            if (failure.get() != null) {
                throw new AssertionError("after " + answered.get() + " replies", failure.get());
            }
        }
    }

    /** Collects requests until a thousand are open, or no more will come; then answers a random half of them. */
    private static void answer(RawPeer peer, int total, Random random) {
        try {
            // Nothing is asked beyond these, so nothing that is read ahead is lost.
            DataInputStream in = new DataInputStream(new BufferedInputStream(peer.input(), 64 << 10));
            byte[][] open = new byte[IN_FLIGHT][];
            int count = 0;
            for (int received = 0, answered = 0; answered < total; ) {
                while (count < IN_FLIGHT && received < total) {
                    byte[] frame = new byte[REQUEST_BYTES];
                    in.readFully(frame);
                    open[count++] = frame;
                    received++;
                }
                int some = received == total ? count : count / 2;
                ByteBuffer out = ByteBuffer.allocate(some * REQUEST_BYTES);
                for (int i = 0; i < some; i++) {
                    int taken = random.nextInt(count);
                    out.put(reply(open[taken]));
                    open[taken] = open[--count];
                }
                peer.send(out.array());
                answered += some;
            }
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private static byte[] reply(byte[] request) {
        ByteBuffer frame = ByteBuffer.wrap(request);
        frame.put(4, (byte) REPLY);
        return frame.putLong(13, ~frame.getLong(13)).array();
    }

    /** Returns what was live after the first quarter, and at the end. */
    private static List<Live> run(int total) throws Exception {
        try (Loopback loopback =
                Loopback.builder().protocol(Protocol.millrace()).asking().start()) {
            Link link = loopback.open();
            Asker asker = new Asker(link);
            List<Live> live = new ArrayList<>();
            for (int part : new int[] {total / 4, total - total / 4}) {
                CompletableFuture<Void> peer = answerMeanwhile(link.peer(), part);
                asker.ask(part);
                peer.get(20, TimeUnit.SECONDS);
                assertEquals(0, link.session().pendingRequests());
                live.add(live(loopback));
            }
            assertEquals(0, link.session().stats().lateReplies());
            assertEquals(total, link.session().stats().messagesReceived());
            return live;
        }
    }

    private static CompletableFuture<Void> answerMeanwhile(RawPeer peer, int count) {
        return CompletableFuture.runAsync(() -> answer(peer, count, new Random(count)), task -> {
            Thread thread = new Thread(task, "shuffling-peer");
            thread.setDaemon(true);
            thread.start();
        });
    }

    private static Live live(Loopback loopback) {
        // The last reply is seen in the middle of a turn: the buffers of that turn are given back soon after it.
        await().atMost(10, TimeUnit.SECONDS).until(() -> loopback.stats().buffersLeased() <= IDLE_BUFFERS);
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return new Live(
                runtime.totalMemory() - runtime.freeMemory(), loopback.stats().buffersLeased());
    }

    @Test
    void everyFutureGetsItsOwnReplyAndNothingIsLeftInTheTable() throws Exception {
        List<Live> live = run(20_000);
        assertEquals(live.get(0).buffers(), live.get(1).buffers());
    }

    @Test
    @Tag("heavy")
    @Timeout(300)
    void aMillionRequestsGetTheirOwnRepliesAndTakeNoMoreMemoryThanTheFirstOnes() throws Exception {
        try (ChildJvm child = ChildJvm.of(Program.class).heapMiB(64).start()) {
            assertEquals(0, child.awaitExit(Duration.ofMinutes(4)), child.output());
            System.out.println(child.output());
        }
    }

    /** A million in a process of its own, where no other test's garbage is counted. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            List<Live> live = run(1_000_000);
            System.out.println("a million requests, after a quarter and at the end: " + live);
            long grown = live.get(1).heap() - live.get(0).heap();
            assertTrue(grown < NOISE_BYTES, "the heap has grown by " + grown);
            assertEquals(live.get(0).buffers(), live.get(1).buffers());
        }
    }
}
