package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are sent as they are read. */
@Tag("engine")
@NetworkTest
class SendFileIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final ByteBuffer NO_HEADER = ByteBuffer.allocate(0);
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();

    @TempDir
    private Path directory;

    private byte[] content = {};

    private Path file(int length) throws Exception {
        content = new byte[length];
        new Random(length).nextBytes(content);
        return Files.write(directory.resolve("file-" + length), content);
    }

    private static Throwable failure(CompletableFuture<Void> sent) {
        return assertThrows(ExecutionException.class, () -> sent.get(10, TimeUnit.SECONDS))
                .getCause();
    }

    /** Fails if this JVM still has one of the test's files open. */
    private void awaitFilesClosed() {
        Path descriptors = Path.of("/proc/self/fd");
        if (!Files.isDirectory(descriptors)) {
            return;
        }
        Awaitility.await().until(() -> {
            try (Stream<Path> open = Files.list(descriptors)) {
                return open.noneMatch(descriptor -> {
                    try {
                        return Files.readSymbolicLink(descriptor).startsWith(directory);
                    } catch (java.io.IOException closedMeanwhile) {
                        return false;
                    }
                });
            }
        });
    }

    @Permutation.Each
    void regionsOfAllSizesArriveBehindTheirHeadersAmongMessages(Permutation how) throws Exception {
        Path file = file(5 * MIB);
        int[] lengths = {0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 128 * KIB + 1, 3 * MIB + 7};
        try (Loopback loopback = how.loopback()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int i = 0; i < lengths.length; i++) {
                ByteBuffer header = ByteBuffer.allocate(i * 7_000);
                sent.add(link.session().sendFile(file, i * 1_000L, lengths[i], header));
                assertTrue(link.session().send(new byte[] {(byte) i}).isAccepted());
            }
            for (int i = 0; i < lengths.length; i++) {
                byte[] frame = link.peer().readFrame();
                byte[] expected = new byte[i * 7_000 + lengths[i]];
                System.arraycopy(content, i * 1_000, expected, i * 7_000, lengths[i]);
                assertArrayEquals(expected, frame, "file " + i);
                assertArrayEquals(new byte[] {(byte) i}, link.peer().readFrame());
                sent.get(i).get(10, TimeUnit.SECONDS);
            }
            awaitFilesClosed();
        }
    }

    @Test
    void fileOfAStreamFlowsToASlowReaderInTwoChunks() throws Exception {
        Path file = file(8 * MIB);
        long[] most = new long[1];
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.raw())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<Void> first = link.session().sendFile(file, 0, 8 * MIB, NO_HEADER);
            for (int at = 0; at < 8 * MIB; at += 32 * KIB) {
                assertArrayEquals(
                        Arrays.copyOfRange(content, at, at + 32 * KIB),
                        link.peer().readExactly(32 * KIB));
                most[0] = Math.max(most[0], loopback.stats().bufferBytesLeased());
            }
            first.get(10, TimeUnit.SECONDS);
            assertTrue(most[0] <= 2 * 64 * KIB + 16 * KIB, "memory of " + most[0]);
            awaitFilesClosed();
        }
    }

    @Test
    void severalFilesHoldTwoChunksEach() throws Exception {
        Path file = file(2 * MIB);
        try (Loopback loopback = Loopback.builder()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sent.add(link.session().sendFile(file, 0, 2 * MIB, ByteBuffer.allocate(1)));
            }
            long held = loopback.stats().bufferBytesLeased();
            assertTrue(held <= 5 * (2 * 68 * KIB + KIB) + KIB, "memory of " + held);
            for (CompletableFuture<Void> each : sent) {
                assertEquals(2 * MIB + 1, link.peer().readFrame().length);
                each.get(10, TimeUnit.SECONDS);
            }
            awaitFilesClosed();
        }
    }

    @Test
    void whatCannotBeSentIsRefusedAndNothingIsOpenAfterwards() throws Exception {
        Path file = file(1_000);
        try (Loopback loopback = Loopback.builder()
                .protocol(PrefixHandler.int32().maxPayloadBytes(900))
                .handler(IGNORE)
                .start()) {
            Link link = loopback.open();
            Session session = link.session();
            assertInstanceOf(
                    TransportException.class, failure(session.sendFile(directory.resolve("missing"), 0, 1, NO_HEADER)));
            long[][] regions = {{-1, 1}, {0, -1}, {990, 11}, {1_001, 0}, {Long.MAX_VALUE, 1}, {1, Long.MAX_VALUE}};
            for (long[] region : regions) {
                assertThrows(
                        IllegalArgumentException.class,
                        () -> session.sendFile(file, region[0], region[1], NO_HEADER),
                        Arrays.toString(region));
            }
            assertThrows(IllegalArgumentException.class, () -> session.sendFile(file, 0, 901, NO_HEADER));
            assertThrows(IllegalArgumentException.class, () -> session.sendFile(file, 0, 900, ByteBuffer.allocate(1)));
            session.sendFile(file, 1_000, 0, NO_HEADER).get(10, TimeUnit.SECONDS);
            assertEquals(0, link.peer().readFrame().length);
            session.shutdownOutput();
            assertInstanceOf(SessionClosedException.class, failure(session.sendFile(file, 0, 1, NO_HEADER)));
            session.close();
            assertInstanceOf(SessionClosedException.class, failure(session.sendFile(file, 0, 1, NO_HEADER)));
            awaitFilesClosed();
        }
    }

    @Test
    void fileThatShrinksEndsTheSessionWithReasonIo() throws Exception {
        Path file = file(8 * MIB);
        try (Loopback loopback = Loopback.builder()
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            CompletableFuture<Void> sent = link.session().sendFile(file, 0, 8 * MIB, NO_HEADER);
            CompletableFuture<Void> behind = link.session().sendAsync(ByteBuffer.allocate(1));
            link.peer().readExactly(100 * KIB);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(MIB);
            }
            CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
                try {
                    link.peer().readToEnd();
                } catch (java.io.IOException reset) {
                    // just as good an end
                }
            });
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.IO, reason.kind());
            assertEquals(
                    reason,
                    assertInstanceOf(SessionClosedException.class, failure(sent))
                            .reason());
            assertEquals(
                    reason,
                    assertInstanceOf(SessionClosedException.class, failure(behind))
                            .reason());
            reading.get(10, TimeUnit.SECONDS);
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
            awaitFilesClosed();
        }
    }

    @Test
    void peerThatResetsAndSessionThatIsAbortedLeaveNothingOpen() throws Exception {
        Path file = file(4 * MIB);
        for (int round = 0; round < 20; round++) {
            try (Loopback loopback = Loopback.builder()
                    .config(ROOMY)
                    .handler(IGNORE)
                    .socketBuffers(64 * KIB)
                    .start()) {
                Link link = loopback.open();
                CompletableFuture<Void> sent = link.session().sendFile(file, 0, 4 * MIB, NO_HEADER);
                CompletableFuture<Void> other = link.session().sendFile(file, 0, 4 * MIB, NO_HEADER);
                // at once, so that a read is under way, or later
                link.peer().readExactly(1 + round * 50_000);
                if (round % 2 == 0) {
                    link.session().abort();
                } else {
                    link.peer().reset();
                }
                link.recording().awaitClose();
                assertTrue(assertInstanceOf(SessionClosedException.class, failure(sent))
                        .maybeWritten());
                assertInstanceOf(SessionClosedException.class, failure(other));
                loopback.awaitEnded();
                assertEquals(0, loopback.stats().buffersLeased());
                awaitFilesClosed();
            }
        }
    }

    @Test
    void gracefulCloseSendsTheWholeFile() throws Exception {
        Path file = file(3 * MIB);
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.raw())
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<Void> sent = link.session().sendFile(file, 0, 3 * MIB, NO_HEADER);
            link.session().close();
            assertArrayEquals(content, link.peer().readToEnd());
            link.peer().close();
            link.recording().awaitClose();
            sent.get(10, TimeUnit.SECONDS);
            awaitFilesClosed();
        }
    }

    @Test
    void groupThatClosesWhileFilesAreSentLeavesNothingOpen() throws Exception {
        Path file = file(4 * MIB);
        for (int round = 0; round < 5; round++) {
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            try (Loopback loopback =
                    Loopback.builder().config(ROOMY).handler(IGNORE).start()) {
                for (int i = 0; i < 4; i++) {
                    Link link = loopback.open();
                    sent.add(link.session().sendFile(file, 0, 4 * MIB, NO_HEADER));
                    link.peer().readExactly(1 + round * 10_000);
                }
            }
            for (CompletableFuture<Void> each : sent) {
                assertInstanceOf(SessionClosedException.class, failure(each));
            }
            awaitFilesClosed();
        }
    }

    @Test
    void peerThatReadsNothingOfAFileIsStalled() throws Exception {
        Path file = file(8 * MIB);
        ManualClock clock = new ManualClock();
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .config(ROOMY)
                .handler(IGNORE)
                .socketBuffers(8 * KIB)
                .start()) {
            Link link = loopback.open();
            CompletableFuture<Void> sent = link.session().sendFile(file, 0, 8 * MIB, NO_HEADER);
            link.peer().readExactly(100);
            Awaitility.await().until(() -> {
                clock.advance(Duration.ofSeconds(31));
                return !link.session().isOpen();
            });
            assertEquals(Kind.STALLED, link.recording().awaitClose().kind());
            assertInstanceOf(SessionClosedException.class, failure(sent));
            awaitFilesClosed();
        }
    }

    /** Sends a sparse file of so many MiB to a peer that counts. */
    public static final class SparseProgram {
        private SparseProgram() {}

        public static void main(String[] args) throws Exception {
            long length = Long.parseLong(args[0]) * MIB + 1;
            Path file = Files.createTempFile("millrace-sparse", null);
            try {
                try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                    sparse.setLength(length);
                    sparse.seek(length - 1);
                    sparse.write(7);
                }
                long[] most = new long[1];
                try (Loopback loopback = Loopback.builder()
                        .protocol(Protocol.raw())
                        .handler(IGNORE)
                        .start()) {
                    Link link = loopback.open();
                    CompletableFuture<Void> sent = link.session().sendFile(file, 0, length, NO_HEADER);
                    count(
                            link.peer().input(),
                            length,
                            () -> most[0] = Math.max(most[0], loopback.stats().bufferBytesLeased()));
                    sent.get(10, TimeUnit.SECONDS);
                }
                System.out.println("sent " + length + " most " + (most[0] <= 256 * KIB ? "little" : most[0]));
            } finally {
                Files.delete(file);
            }
        }

        private static void count(InputStream in, long length, Runnable look) throws Exception {
            byte[] buffer = new byte[64 * KIB];
            long left = length;
            int last = 0;
            while (left > 0) {
                int count = in.read(buffer);
                if (count < 0) {
                    throw new AssertionError(left + " bytes are missing");
                }
                left -= count;
                last = buffer[count - 1];
                look.run();
            }
            if (last != 7) {
                throw new AssertionError("the last byte is " + last);
            }
        }
    }

    private static void sendSparse(int mebibytes, Duration timeout) throws Exception {
        try (ChildJvm child = ChildJvm.of(SparseProgram.class, String.valueOf(mebibytes))
                .heapMiB(64)
                .directMemoryMiB(32)
                .start()) {
            assertEquals(0, child.awaitExit(timeout), child::output);
            assertTrue(child.output().contains("most little"), child::output);
        }
    }

    @Test
    void largeFileIsSentFromASmallHeap() throws Exception {
        sendSparse(64, Duration.ofSeconds(20));
    }

    @Test
    @Tag("heavy")
    void fileOfFourGiBIsSentFromASmallHeap() throws Exception {
        sendSparse(4_096, Duration.ofMinutes(3));
    }
}
