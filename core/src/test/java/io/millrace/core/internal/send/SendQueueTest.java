package io.millrace.core.internal.send;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SendQueueTest {
    private static final FrameEncoder INT32 = PrefixHandler.int32();
    private static final int MIB = 1 << 20;

    private final BufferPool pool = new BufferPool(64L * MIB);
    private final SendQueue queue = new SendQueue(pool);
    private final ByteBuffer[] gather = new ByteBuffer[IoContext.GATHER_LIMIT];
    private final ByteArrayOutputStream expected = new ByteArrayOutputStream();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    private static byte[] randomBytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private boolean append(byte[] payload) {
        boolean appended = queue.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.wrap(payload));
        if (appended) {
            expected.writeBytes(ByteBuffer.allocate(4).putInt(payload.length).array());
            expected.writeBytes(payload);
        }
        return appended;
    }

    /** Writes as a channel does: some bytes of what was taken, in order. */
    private void write(Random random) {
        int count = queue.take(gather);
        long available = 0;
        for (int i = 0; i < count; i++) {
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
        Chunk.releaseAll(queue.written(done));
    }

    private void drain(Random random) {
        while (!queue.isEmpty()) {
            write(random);
        }
    }

    @Test
    void bufferThatIsOutKeepsItsPlaceInFrontOfWhatIsQueuedMeanwhile() {
        Random random = new Random(1);
        append(new byte[] {1});
        PooledBuffer out = Objects.requireNonNull(queue.tryTakeOut(1));
        append(new byte[] {2});
        append(new byte[] {3});
        assertFalse(queue.canTake());
        queue.putBack(out, 0);
        assertTrue(queue.canTake());
        drain(random);
        assertArrayEquals(expected.toByteArray(), written.toByteArray());
    }

    @Test
    void controlFrameDoesNotWaitForABufferThatIsOut() {
        Random random = new Random(1);
        append(new byte[] {1});
        PooledBuffer out = Objects.requireNonNull(queue.tryTakeOut(1));
        assertTrue(queue.tryAppendUrgent(INT32, FrameKind.PING, 0, ByteBuffer.wrap(new byte[] {9})));
        assertTrue(queue.canTake());
        Chunk.releaseAll(queue.written(taken()));
        queue.putBack(out, 0);
        drain(random);
        assertArrayEquals(new byte[] {0, 0, 0, 1, 9, 0, 0, 0, 1, 1}, written.toByteArray());
    }

    /** Writes all that can be written now. */
    private long taken() {
        long bytes = 0;
        int count = queue.take(gather);
        for (int i = 0; i < count; i++) {
            byte[] chunk = new byte[gather[i].remaining()];
            gather[i].get(chunk);
            written.writeBytes(chunk);
            bytes += chunk.length;
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void bytesComeOutAsTheyWentInWhateverTheSizesAndPartialWrites(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 400; i++) {
            if (random.nextInt(3) != 0) {
                int most = 1 << random.nextInt(i % 20 == 0 ? 21 : 14);
                assertTrue(append(randomBytes(random, random.nextInt(most))));
            } else if (!queue.isEmpty()) {
                write(random);
            }
            assertEquals(expected.size() - written.size(), queue.queuedBytes());
        }
        drain(random);
        assertArrayEquals(expected.toByteArray(), written.toByteArray());
        assertEquals(0, pool.stats().leased());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 507, 508, 509, 512, 65_531, 65_532, 65_533, 69_627, 69_628, 69_629, MIB})
    void frameOfAnySizeFitsExactly(int length) {
        Random random = new Random(length);
        for (int i = 0; i < 3; i++) {
            assertTrue(append(randomBytes(random, length)));
        }
        drain(random);
        assertArrayEquals(expected.toByteArray(), written.toByteArray());
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void headerIsNeverSplit() {
        Random random = new Random(8);
        assertTrue(append(randomBytes(random, 512 - 4 - 2)));
        assertTrue(append(randomBytes(random, 10)));
        assertEquals(2, queue.take(gather));
        assertEquals(510, gather[0].remaining());
        assertEquals(14, gather[1].remaining());
    }

    @Test
    void payloadIsBorrowedAndLeftAsItWas() {
        ByteBuffer payload = ByteBuffer.wrap(new byte[100]).position(10).limit(30);
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, 0, payload));
        assertEquals(10, payload.position());
        assertEquals(30, payload.limit());
        assertEquals(24, queue.queuedBytes());
    }

    @Test
    void emptyRawMessageQueuesNothing() {
        assertTrue(
                queue.tryAppend(Protocol.raw().newEncoder(Side.SERVER), FrameKind.MESSAGE, 0, ByteBuffer.allocate(0)));
        assertTrue(queue.isEmpty());
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void exhaustedPoolLeavesNothingHalfAppended() {
        BufferPool small = new BufferPool(2L * MIB);
        SendQueue narrow = new SendQueue(small);
        byte[] first = randomBytes(new Random(9), 1_000);
        assertTrue(narrow.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.wrap(first)));
        int leased = small.stats().leased();
        assertFalse(narrow.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.allocate(2 * MIB)));
        assertEquals(leased, small.stats().leased(), "the part that could be leased was not given back");
        assertEquals(1_004, narrow.queuedBytes());
        assertTrue(
                narrow.tryAppend(INT32, FrameKind.MESSAGE, 0, ByteBuffer.wrap(new byte[] {7})),
                "a small one still fits");
        assertEquals(1, narrow.take(gather));
        byte[] out = new byte[gather[0].remaining()];
        gather[0].get(out);
        assertEquals(1_009, out.length);
        assertEquals(7, out[1_008]);
        Chunk.releaseAll(narrow.written(out.length));
        assertEquals(0, small.stats().leased());
    }

    @Test
    void writeTakesAtMostWhatOneSystemCallCan() {
        for (int i = 0; i < 40; i++) {
            assertTrue(append(new byte[SendQueue.CHUNK_BYTES]));
            assertTrue(queue.take(gather) <= IoContext.GATHER_LIMIT);
        }
        assertEquals(IoContext.GATHER_LIMIT, queue.take(gather));
        drain(new Random(10));
        assertArrayEquals(expected.toByteArray(), written.toByteArray());
    }

    @Test
    void bytesThatAreBeingWrittenDoNotMoveWhenMoreIsAppended() {
        assertTrue(append(new byte[] {1, 2, 3}));
        assertEquals(1, queue.take(gather));
        ByteBuffer inFlight = gather[0];
        assertTrue(append(new byte[] {4}));
        assertEquals(7, inFlight.remaining());
        assertEquals(2, queue.take(gather));
        assertTrue(gather[0] == inFlight, "the write in flight comes first again");
    }

    @Test
    void clearGivesEverythingBackWhateverIsTaken() {
        assertTrue(append(new byte[200_000]));
        queue.take(gather);
        assertTrue(append(new byte[10]));
        Chunk.releaseAll(queue.clear());
        assertTrue(queue.isEmpty());
        assertEquals(0, pool.stats().leased());
        assertTrue(append(new byte[10]));
        assertEquals(14, queue.queuedBytes());
    }

    @Test
    void drainedQueueHoldsNoMemory() {
        assertTrue(append(new byte[10]));
        assertEquals(1, pool.stats().leased());
        drain(new Random(11));
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void encoderThatChangesTheByteOrderDoesNotChangeItForOthers() {
        BufferPool shared = new BufferPool(MIB);
        SendQueue one = new SendQueue(shared);
        assertTrue(one.tryAppend(new IntHeader(ByteOrder.LITTLE_ENDIAN), FrameKind.MESSAGE, 0, ByteBuffer.allocate(1)));
        one.clear();
        SendQueue other = new SendQueue(shared);
        assertTrue(other.tryAppend(new IntHeader(null), FrameKind.MESSAGE, 0, ByteBuffer.allocate(1)));
        other.take(gather);
        assertEquals(1, gather[0].order(ByteOrder.BIG_ENDIAN).getInt());
    }

    /** A header as a user may write it: in the order that was asked for, or in whatever order the buffer has. */
    private record IntHeader(@Nullable ByteOrder order) implements FrameEncoder {
        @Override
        public void check(ByteBuffer payload) {
            // anything
        }

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return 4;
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            if (order != null) {
                out.order(order);
            }
            out.putInt(payloadLength);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, FrameEncoder.MAX_SURROUND_BYTES + 1, 100_000})
    void headerOrTrailerBeyondWhatAnEncoderMayHaveIsRefusedAndNothingIsQueued(int bytes) {
        assertTrue(refusal(surroundedBy(bytes, 0)).contains("headerLength of the encoder is " + bytes));
        assertTrue(refusal(surroundedBy(0, bytes)).contains("trailerLength of the encoder is " + bytes));
        assertTrue(queue.isEmpty());
        assertEquals(0, pool.stats().leased());
        int most = FrameEncoder.MAX_SURROUND_BYTES;
        assertTrue(queue.tryAppend(surroundedBy(most, most), FrameKind.MESSAGE, 0, ByteBuffer.allocate(0)));
        assertEquals(2L * most, queue.queuedBytes());
    }

    private String refusal(FrameEncoder encoder) {
        ByteBuffer payload = ByteBuffer.allocate(1);
        return String.valueOf(
                assertThrows(IllegalStateException.class, () -> queue.tryAppend(encoder, FrameKind.MESSAGE, 0, payload))
                        .getMessage());
    }

    private static FrameEncoder surroundedBy(int header, int trailer) {
        return new FrameEncoder() {
            @Override
            public void check(ByteBuffer payload) {
                // Anything will do.
            }

            @Override
            public int headerLength(FrameKind kind, int payloadLength) {
                return header;
            }

            @Override
            public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
                out.put(new byte[header]);
            }

            @Override
            public int trailerLength() {
                return trailer;
            }

            @Override
            public void putTrailer(ByteBuffer out) {
                out.put(new byte[trailer]);
            }
        };
    }

    private SentMarker appendMarked(byte[] payload) {
        SentMarker marker = new SentMarker(failure -> {});
        assertTrue(queue.tryAppend(INT32, FrameKind.MESSAGE, ByteBuffer.wrap(payload), marker, 0));
        return marker;
    }

    @Test
    void messageThatHasBeenWrittenIsNotTakenForAnotherThatLiesInTheSameBuffer() {
        SentMarker first = appendMarked(new byte[] {1});
        assertEquals(1, queue.take(gather));
        gather[0].position(gather[0].limit());
        Chunk emptied = queue.written(5);
        // as the loop does: buffers go back before the sender is told
        emptied.release();
        SentMarker second = appendMarked(new byte[] {2});
        assertSame(first.first(), second.first(), "the pool does not reuse buffers: this shows nothing");
        assertNull(queue.tryRemove(first));
        assertEquals(5, queue.queuedBytes());
        assertSame(second.first(), queue.tryRemove(second));
        assertEquals(0, queue.queuedBytes());
    }
}
