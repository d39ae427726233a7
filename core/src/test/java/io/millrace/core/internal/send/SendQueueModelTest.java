package io.millrace.core.internal.send;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All that a send queue can be asked for, at random, against the frames that must come out of it. */
class SendQueueModelTest {
    private static final FrameEncoder INT32 = PrefixHandler.int32();
    private static final FrameEncoder RAW = Protocol.raw().newEncoder(Side.SERVER);
    private static final int MIB = 1 << 20;
    private static final int CONTENT_BYTES = 400_000;

    @TempDir
    private Path directory;

    private final BufferPool pool = new BufferPool(64L * MIB);
    private final SendQueue queue = new SendQueue(pool);
    private final ByteBuffer[] gather = new ByteBuffer[IoContext.GATHER_LIMIT];
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    // what was appended: each frame's payload begins with its number
    private final Map<Integer, byte[]> payloads = new HashMap<>();
    private final List<Integer> ordinary = new ArrayList<>();
    private final List<Integer> urgent = new ArrayList<>();
    private final Deque<Marked> marked = new ArrayDeque<>();
    private final Set<SentMarker> heard = new HashSet<>();
    private int released;
    private int transferred;

    private record Marked(SentMarker marker, int number, boolean removable) {}

    private byte[] payload(Random random, int length) {
        byte[] bytes = new byte[Math.max(length, Integer.BYTES)];
        random.nextBytes(bytes);
        int number = payloads.size();
        ByteBuffer.wrap(bytes).putInt(number);
        payloads.put(number, bytes);
        return bytes;
    }

    private static int number(byte[] payload) {
        return ByteBuffer.wrap(payload).getInt();
    }

    private static int someLength(Random random) {
        return random.nextInt(1 << (4 + random.nextInt(15)));
    }

    private void appendOne(Random random, byte[] content, Path file) throws IOException {
        switch (random.nextInt(6)) {
            case 0 -> appendCopied(payload(random, someLength(random)));
            case 1 -> appendMarked(payload(random, someLength(random)));
            case 2 -> appendTransferred(random, payload(random, someLength(random)));
            case 3 -> appendFile(random, content, file);
            default -> appendUrgent(payload(random, random.nextInt(300)));
        }
    }

    private void appendCopied(byte[] payload) {
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.wrap(payload)));
        ordinary.add(number(payload));
    }

    private void appendMarked(byte[] payload) {
        SentMarker marker = new SentMarker(failure -> {});
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, ByteBuffer.wrap(payload), marker, 0));
        assertEquals(Integer.BYTES + payload.length, marker.frameLength());
        ordinary.add(number(payload));
        marked.add(new Marked(marker, number(payload), true));
    }

    private void appendTransferred(Random random, byte[] payload) {
        ByteBuffer body = random.nextBoolean()
                ? ByteBuffer.wrap(payload)
                : ByteBuffer.allocateDirect(payload.length).put(payload).flip();
        assertTrue(pool.tryReserve(payload.length));
        Chunk chunk = Bodies.of(body, () -> released++, pool);
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.allocate(0), chunk, payload.length));
        transferred++;
        ordinary.add(number(payload));
    }

    private void appendFile(Random random, byte[] content, Path file) throws IOException {
        byte[] lead = payload(random, random.nextInt(100));
        int offset = random.nextInt(1_000);
        int length = random.nextInt(3) == 0 ? 0 : random.nextInt(CONTENT_BYTES - offset);
        FileSource body = Bodies.ofFile(file, offset, length, pool);
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.wrap(lead), body, length));
        SentMarker marker = new SentMarker(failure -> {});
        queue.append(marker, 0);
        ByteBuffer whole = ByteBuffer.allocate(lead.length + length).put(lead).put(content, offset, length);
        payloads.put(number(lead), whole.array());
        ordinary.add(number(lead));
        marked.add(new Marked(marker, number(lead), false));
    }

    private void appendUrgent(byte[] payload) {
        assertTrue(queue.tryAppendUrgent(INT32, FrameKind.PONG, 0, ByteBuffer.wrap(payload)));
        urgent.add(number(payload));
    }

    /** Reads ahead, or not yet; then writes as a channel does: some bytes of what was taken, in order. */
    private void write(Random random) throws IOException {
        if (random.nextInt(3) != 0) {
            FileSource file = queue.fileToRead();
            if (file != null) {
                FileSource.FileChunk part = file.beginReading();
                file.read(part);
                file.endReading(part, true);
            }
        }
        ByteBuffer only = queue.takeOnly();
        int count = 1;
        if (only != null) {
            gather[0] = only;
        } else {
            count = queue.take(gather);
        }
        long available = 0;
        for (int i = 0; i < count; i++) {
            assertTrue(gather[i].hasRemaining(), "an empty buffer is to be written");
            available += gather[i].remaining();
        }
        long left = random.nextInt(3) == 0 ? available : (long) (random.nextDouble() * (available + 1));
        long done = left;
        for (int i = 0; i < count && left > 0; i++) {
            byte[] chunk = new byte[(int) Math.min(left, gather[i].remaining())];
            gather[i].get(chunk);
            written.writeBytes(chunk);
            left -= chunk.length;
        }
        takeOut(queue.written(done), null);
    }

    private void takeOut(Chunk first, SentMarker end) {
        for (Chunk chunk = first; chunk != null && chunk != end; ) {
            Chunk following = chunk.next;
            chunk.next = null;
            if (chunk instanceof SentMarker marker) {
                Marked expected = marked.pollFirst();
                assertNotNull(expected, "nobody waits for this");
                assertEquals(expected.marker(), marker, "heard out of order");
                assertTrue(heard.add(marker), "heard twice");
            } else if (chunk instanceof FileSource.FileChunk part) {
                part.source().recycle(part);
            } else {
                chunk.release();
            }
            chunk = following;
        }
    }

    private void removeOne(Random random) {
        if (marked.isEmpty()) {
            return;
        }
        Marked chosen = List.copyOf(marked).get(random.nextInt(marked.size()));
        long before = queue.queuedBytes();
        Chunk removed = queue.tryRemove(chosen.marker());
        if (!chosen.removable()) {
            assertNull(removed, "a file cannot be taken back");
        } else if (removed != null) {
            assertEquals(before - chosen.marker().frameLength(), queue.queuedBytes());
            marked.remove(chosen);
            ordinary.remove((Integer) chosen.number());
            takeOut(removed, chosen.marker());
        }
    }

    private void checkStream() {
        List<Integer> seenOrdinary = new ArrayList<>();
        List<Integer> seenUrgent = new ArrayList<>();
        ByteBuffer stream = ByteBuffer.wrap(written.toByteArray());
        int latest = -1;
        while (stream.hasRemaining()) {
            byte[] payload = new byte[stream.getInt()];
            stream.get(payload);
            int number = number(payload);
            assertArrayEquals(payloads.get(number), payload, "frame " + number);
            if (urgent.contains(number)) {
                assertTrue(latest < number, "frame " + latest + " came later, and went before control frame " + number);
                seenUrgent.add(number);
            } else {
                latest = number;
                seenOrdinary.add(number);
            }
        }
        assertEquals(ordinary, seenOrdinary);
        assertEquals(urgent, seenUrgent);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void everyFrameComesOutWholeOnceAndInOrderWhateverTheQueueIsAskedFor(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] content = new byte[CONTENT_BYTES];
        random.nextBytes(content);
        Path file = Files.write(directory.resolve("content"), content);
        for (int i = 0; i < 600; i++) {
            int choice = random.nextInt(10);
            if (choice < 5) {
                appendOne(random, content, file);
            } else if (choice < 6) {
                removeOne(random);
            } else {
                write(random);
            }
        }
        for (int i = 0; queue.hasItems(); i++) {
            assertTrue(i < 100_000, "the queue does not come to an end: " + queue.queuedBytes());
            write(random);
        }
        checkStream();
        assertEquals(0, queue.queuedBytes());
        assertTrue(marked.isEmpty(), "not heard: " + marked);
        assertEquals(transferred, released);
        assertEquals(0, pool.stats().leased());
        assertEquals(0, pool.stats().foreignBytes());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void clearHandsOutEverythingOnceWhateverIsUnderWay(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] content = new byte[CONTENT_BYTES];
        Path file = Files.write(directory.resolve("content"), content);
        for (int round = 0; round < 20; round++) {
            for (int i = random.nextInt(40); i > 0; i--) {
                appendOne(random, content, file);
            }
            for (int i = random.nextInt(10); i > 0; i--) {
                write(random);
            }
            for (Chunk rest = queue.clear(); rest != null; ) {
                Chunk following = rest.next;
                rest.next = null;
                if (rest instanceof SentMarker marker) {
                    takeOut(marker, null);
                } else {
                    rest.release();
                }
                rest = following;
            }
            assertTrue(marked.isEmpty(), "not heard: " + marked);
            assertEquals(transferred, released);
            assertEquals(0, queue.queuedBytes());
            assertEquals(0, pool.stats().leased());
            assertEquals(0, pool.stats().foreignBytes());
        }
    }

    @Test
    void controlFramesKeepTheirOrderBehindAFrameOfManyChunks() throws Exception {
        Random random = new Random(1);
        appendCopied(payload(random, 2 * MIB));
        queue.take(gather);
        appendCopied(payload(random, 10));
        for (int i = 0; i < 4; i++) {
            appendUrgent(payload(random, 10));
            queue.take(gather);
        }
        while (queue.hasItems()) {
            write(random);
        }
        checkStream();
    }

    @Test
    void sourceThatIsUnderWayIsNoPlaceForAControlFrame() {
        byte[] content = new byte[MIB];
        assertTrue(pool.tryReserve(MIB));
        Chunk body = Bodies.of(ByteBuffer.wrap(content), () -> {}, pool);
        assertTrue(queue.tryAppend(RAW, FrameKind.MESSAGE, 0, ByteBuffer.allocate(0), body, MIB));
        queue.take(gather);
        assertTrue(queue.tryAppendUrgent(RAW, FrameKind.PONG, 0, ByteBuffer.wrap(new byte[] {7})));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (queue.hasItems()) {
            int count = queue.take(gather);
            long bytes = 0;
            for (int i = 0; i < count; i++) {
                byte[] chunk = new byte[gather[i].remaining()];
                gather[i].get(chunk);
                all.writeBytes(chunk);
                bytes += chunk.length;
            }
            Chunk.releaseAll(queue.written(bytes));
        }
        assertEquals(7, all.toByteArray()[MIB], "it lies inside the message");
    }

    @Test
    void shortFramesThatLieAloneHoldNoMoreMemoryThanTheyNeed() throws Exception {
        Random random = new Random(2);
        appendCopied(payload(random, MIB));
        while (queue.hasItems()) {
            write(random);
        }
        long before = pool.stats().leasedBytes();
        for (int i = 0; i < 100; i++) {
            appendMarked(payload(random, 10));
            appendUrgent(payload(random, 10));
            appendTransferred(random, payload(random, 10));
        }
        long held = pool.stats().leasedBytes() - before;
        assertTrue(held <= 300 * BufferPool.SMALLEST_BYTES, held + " bytes for 300 short frames");
    }

    @Test
    void messageWithoutBytesIsNotWrittenForItself() {
        SentMarker marker = new SentMarker(failure -> {});
        assertTrue(queue.tryAppend(RAW, FrameKind.MESSAGE, ByteBuffer.allocate(0), marker, 0));
        assertTrue(queue.hasItems());
        assertNull(queue.takeOnly());
        assertEquals(0, queue.take(gather));
        assertEquals(marker, queue.written(0));
        assertTrue(queue.isEmpty());
    }
}
