package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ForwardingChannel;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import io.millrace.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;

/** W05, W06, W07: writes that the system takes in parts, that are empty, or that break with a queue behind them. */
@Tag("engine")
@NetworkTest
class WriteFaultsIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final int MIB = 1 << 20;

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();

    /** What a channel was asked to write. */
    private static final class Writes extends ForwardingChannel {
        /** What the system with the smallest limit takes in one call. */
        private static final int SMALLEST_IOV_MAX = 16;

        private final List<String> violations;
        private final AtomicInteger count;

        Writes(AsynchronousSocketChannel channel, List<String> violations, AtomicInteger count) {
            super(channel);
            this.violations = violations;
            this.count = count;
        }

        private void note(long bytes, int buffers) {
            count.incrementAndGet();
            if (bytes == 0) {
                violations.add("wrote nothing in " + buffers + " buffers");
            }
            if (buffers > SMALLEST_IOV_MAX) {
                violations.add("gathered " + buffers + " buffers");
            }
        }

        @Override
        public <A> void write(
                ByteBuffer buffer,
                long timeout,
                TimeUnit unit,
                A attachment,
                CompletionHandler<Integer, ? super A> handler) {
            note(buffer.remaining(), 1);
            super.write(buffer, timeout, unit, attachment, handler);
        }

        @Override
        public <A> void write(
                ByteBuffer[] buffers,
                int offset,
                int length,
                long timeout,
                TimeUnit unit,
                A attachment,
                CompletionHandler<Long, ? super A> handler) {
            note(
                    IntStream.range(offset, offset + length)
                            .mapToLong(i -> buffers[i].remaining())
                            .sum(),
                    length);
            super.write(buffers, offset, length, timeout, unit, attachment, handler);
        }
    }

    @Permutation.Each
    void messagesOfAllSizesAndThousandsOfSmallOnesArriveWholeThroughSmallSocketBuffers(Permutation how, Seed seed)
            throws Exception {
        List<String> violations = new CopyOnWriteArrayList<>();
        AtomicInteger writes = new AtomicInteger();
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(4 << 10)
                .channel(channel -> new Writes(channel, violations, writes))
                .start()) {
            Link link = loopback.open();
            Random chance = seed.random("payloads");
            List<Integer> lengths = new ArrayList<>();
            for (int length = 1; length <= 4 * MIB; length *= 4) {
                lengths.add(length);
                for (int i = 0; i < 200; i++) {
                    lengths.add(chance.nextInt(20));
                }
            }
            CRC32 sent = new CRC32();
            for (int length : lengths) {
                byte[] payload = new byte[length];
                chance.nextBytes(payload);
                sent.update(payload);
                assertTrue(link.session().send(payload).isAccepted());
            }
            assertTrue(lengths.size() > 2 * 1_024);
            CRC32 received = new CRC32();
            for (int length : lengths) {
                byte[] payload = link.peer().readFrame();
                assertEquals(length, payload.length);
                received.update(payload);
            }
            assertEquals(sent.getValue(), received.getValue());
            assertEquals(List.of(), violations);
        }
    }

    @Permutation.Each
    void emptyMessagesAmongOthersAreNotWrittenForThemselves(Permutation how) throws Exception {
        List<String> violations = new CopyOnWriteArrayList<>();
        AtomicInteger writes = new AtomicInteger();
        MessageHandler emptyAndNot = (session, message) -> {
            for (int i = 0; i < 100; i++) {
                assertTrue(session.send(new byte[0]).isAccepted());
                // The last is not empty: when it has arrived, the handler has nothing more to send.
                if (i % 10 == 9) {
                    assertTrue(session.send(new byte[] {(byte) i}).isAccepted());
                }
            }
        };
        try (Loopback loopback = how.loopback()
                .protocol(Protocol.raw())
                .handler(emptyAndNot)
                .channel(channel -> new Writes(channel, violations, writes))
                .start()) {
            Link link = loopback.open();
            assertTrue(link.session().send(new byte[0]).isAccepted());
            link.peer().send((byte) 1);
            for (int i = 9; i < 100; i += 10) {
                assertEquals(i, link.peer().readExactly(1)[0]);
            }
            assertEquals(List.of(), violations);
            assertTrue(writes.get() <= 10, "it spins: " + writes + " writes of 10 bytes");
        }
    }

    @Permutation.Each
    void resetInsideALargeWriteFailsItAndAllBehindItInOrderForOneReason(Permutation how) throws Exception {
        int behind = 20;
        try (Loopback loopback =
                how.loopback().asking().config(ROOMY).socketBuffers(8 << 10).start()) {
            Link link = loopback.open();
            List<Integer> order = new CopyOnWriteArrayList<>();
            List<CompletableFuture<ByteBuffer>> requests = new ArrayList<>();
            for (int i = 0; i <= behind; i++) {
                int number = i;
                CompletableFuture<ByteBuffer> request =
                        link.session().request(ByteBuffer.allocate(i == 0 ? 8 * MIB : 10), Duration.ofSeconds(30));
                request.whenComplete((reply, failure) -> order.add(number));
                requests.add(request);
            }
            link.peer().readExactly(10_000);
            link.peer().reset();
            assertEquals(Kind.RESET, link.recording().awaitClose().kind());
            SessionClosedException first = failure(requests.get(0));
            assertTrue(first.maybeWritten(), "a part of it was read");
            for (CompletableFuture<ByteBuffer> request : requests) {
                // issue 3: it may be PEER where the session's is RESET, if the read is told of the end before the write
                assertEquals(first.reason(), failure(request).reason());
            }
            assertEquals(IntStream.rangeClosed(0, behind).boxed().toList(), order);
            loopback.awaitEnded();
            assertEquals(0, loopback.stats().bufferBytesLeased());
        }
    }

    private static SessionClosedException failure(CompletableFuture<ByteBuffer> request) throws Exception {
        return (SessionClosedException) request.handle((reply, why) -> why).get(10, TimeUnit.SECONDS);
    }
}
