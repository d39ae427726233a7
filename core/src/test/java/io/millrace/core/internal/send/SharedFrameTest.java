package io.millrace.core.internal.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** One frame in several queues: what it costs, where others may go, and when its memory comes back. */
class SharedFrameTest {
    private final BufferPool buffers = new BufferPool(16 << 20);
    private final FrameEncoder encoder = Protocol.millrace().newEncoder(Side.SERVER);
    private final SendQueue one = new SendQueue(buffers);
    private final SendQueue other = new SendQueue(buffers);

    private static ByteBuffer payload(int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        for (int i = 0; i < length; i++) {
            bytes.put((byte) i);
        }
        return bytes.flip();
    }

    /** Writes all, a few bytes at a time, and returns it. */
    private static byte[] drain(SendQueue queue, int step) {
        ByteBuffer all = ByteBuffer.allocate((int) queue.queuedBytes());
        ByteBuffer[] list = new ByteBuffer[IoContext.GATHER_LIMIT];
        while (queue.hasItems()) {
            int count = queue.take(list);
            int left = step;
            int written = 0;
            for (int i = 0; i < count && left > 0; i++) {
                int bytes = Math.min(left, list[i].remaining());
                all.put(list[i].slice(list[i].position(), bytes));
                list[i].position(list[i].position() + bytes);
                left -= bytes;
                written += bytes;
            }
            Chunk.releaseAll(queue.written(written));
        }
        return all.array();
    }

    private long leasedBytes() {
        return buffers.stats().leasedBytes();
    }

    @Test
    void largeFrameIsInMemoryOnceAndGoesBackWithItsLastReader() {
        SharedMessage message = new SharedMessage(payload(200_000), buffers);
        assertTrue(message.tryAppendTo(one, encoder));
        long leased = leasedBytes();
        assertTrue(message.tryAppendTo(other, encoder));
        message.release();

        assertEquals(leased, leasedBytes());
        assertEquals(200_005, other.queuedBytes());
        byte[] written = drain(one, 777);
        assertEquals(leased, leasedBytes());
        assertEquals(ByteBuffer.wrap(written), ByteBuffer.wrap(drain(other, 100_000)));
        assertEquals(payload(200_000), ByteBuffer.wrap(written, 5, 200_000));
        assertEquals(0, leasedBytes());
    }

    @Test
    void whatIsDroppedIsLetGo() {
        SharedMessage message = new SharedMessage(payload(70_000), buffers);
        assertTrue(message.tryAppendTo(one, encoder));
        assertTrue(message.tryAppendTo(other, encoder));
        message.release();

        Chunk.releaseAll(one.clear());
        assertTrue(leasedBytes() > 0);
        Chunk.releaseAll(other.clear());

        assertEquals(0, leasedBytes());
    }

    @Test
    void shortFramesLieTogetherInTheQueuesOwnBuffer() {
        for (int i = 0; i < 4; i++) {
            SharedMessage message = new SharedMessage(payload(100), buffers);
            assertTrue(message.tryAppendTo(one, encoder));
            message.release();
        }
        assertEquals(1, one.take(new ByteBuffer[IoContext.GATHER_LIMIT]));
        Chunk.releaseAll(one.clear());
        assertEquals(0, leasedBytes());
    }

    @Test
    void controlFramesGoBetweenSharedFramesAndNotIntoThem() {
        SharedMessage message = new SharedMessage(payload(100_000), buffers);
        for (int i = 0; i < 2; i++) {
            assertTrue(message.tryAppendTo(one, encoder));
        }
        message.release();
        // The first frame has begun to go out.
        Chunk first = Objects.requireNonNull(one.head);
        first.startsFrame = false;
        assertTrue(one.tryAppendUrgent(encoder, FrameKind.PING, 7, ByteBuffer.allocate(0)));

        byte[] written = drain(one, 50_000);

        int secondFrame = 100_005;
        assertEquals(9, ByteBuffer.wrap(written).getInt(secondFrame), "a ping is 9 bytes long");
        assertEquals(100_001, ByteBuffer.wrap(written).getInt(secondFrame + 13));
    }

    @Test
    void eachKindOfEncoderGetsItsOwnFrame() {
        List<FrameEncoder> encoders =
                new ArrayList<>(List.of(encoder, Protocol.lines().newEncoder(Side.SERVER)));
        for (int i = 0; i < 10; i++) {
            encoders.add(Protocol.seed().newEncoder(Side.SERVER));
            encoders.add(Protocol.lengthPrefixed().newEncoder(Side.SERVER));
        }
        SharedMessage message = new SharedMessage(ByteBuffer.wrap(new byte[] {1, 2}), buffers);
        for (FrameEncoder each : encoders) {
            SendQueue queue = new SendQueue(buffers);
            assertTrue(message.tryAppendTo(queue, each));
            int length = each.headerLength(FrameKind.MESSAGE, 2) + 2 + each.trailerLength();
            assertEquals(length, drain(queue, 100).length);
        }
        message.release();
        assertEquals(0, leasedBytes());
    }

    @Test
    void withoutMemoryNothingIsAppendedAndNothingKept() {
        BufferPool small = new BufferPool(BufferPool.BLOCK_BYTES);
        SendQueue queue = new SendQueue(small);
        SharedMessage message = new SharedMessage(payload(2 << 20), small);

        assertFalse(message.tryAppendTo(queue, encoder));

        message.release();
        assertEquals(0, queue.queuedBytes());
        assertEquals(0, small.stats().leasedBytes());
    }

    @Test
    void encoderThatThrowsKeepsNothing() {
        FrameEncoder broken = new FrameEncoder() {
            @Override
            public void check(ByteBuffer payload) {}

            @Override
            public int headerLength(FrameKind kind, int payloadLength) {
                return 4;
            }

            @Override
            public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
                throw new IllegalStateException("on purpose");
            }
        };
        SharedMessage message = new SharedMessage(payload(10), buffers);

        assertThrows(IllegalStateException.class, () -> message.tryAppendTo(one, broken));

        assertFalse(one.hasItems());
        assertEquals(0, leasedBytes());
    }
}
