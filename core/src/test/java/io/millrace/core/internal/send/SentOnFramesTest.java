package io.millrace.core.internal.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Messages in a send queue that lie in the buffer they were received in. */
class SentOnFramesTest {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int PAYLOAD = 100;
    private static final int FRAME = 4 + PAYLOAD;

    private final BufferPool pool = new BufferPool(1 << 20);
    private final SendQueue queue = new SendQueue(pool);
    private final FrameEncoder encoder = PrefixHandler.int32().newEncoder(Side.SERVER);
    private final PooledBuffer received = acquire();

    private PooledBuffer acquire() {
        PooledBuffer buffer = pool.tryAcquire(4_096);
        assertNotNull(buffer);
        return buffer;
    }

    /** Sends on the message of the frame that is the n-th of the buffer. */
    private void sendOn(int n, int room) {
        int from = n * FRAME + 4;
        Chunk body = received.share(from, from + PAYLOAD, room);
        assertTrue(queue.tryAppend(encoder, FrameKind.MESSAGE, 0, NOTHING, body, PAYLOAD));
    }

    private void written(int bytes) {
        Chunk.releaseAll(queue.written(bytes));
    }

    @Test
    void neighboursAreOneWriteWithHeadersInFrontOfEach() {
        sendOn(0, 4);
        sendOn(1, 4);
        assertEquals(2 * FRAME, queue.queuedBytes());
        ByteBuffer only = queue.takeOnly();
        assertNotNull(only);
        assertEquals(0, only.position());
        assertEquals(2 * FRAME, only.remaining());
        assertEquals(PAYLOAD, only.getInt(0));
        assertEquals(PAYLOAD, only.getInt(FRAME));
        assertEquals(1, pool.stats().leased(), "nothing is leased for headers");
        only.position(only.limit());
        written(2 * FRAME);
        assertFalse(received.isShared());
        received.release();
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void frameThatIsOnItsWayIsNotMadeLonger() {
        sendOn(0, 4);
        ByteBuffer inFlight = queue.takeOnly();
        assertNotNull(inFlight);
        sendOn(1, 4);
        assertEquals(FRAME, inFlight.limit());
        inFlight.position(inFlight.limit());
        written(FRAME);
        ByteBuffer next = queue.takeOnly();
        assertNotNull(next);
        assertEquals(FRAME, next.position());
        assertEquals(FRAME, next.remaining());
        Chunk.releaseAll(queue.clear());
        received.release();
        assertEquals(0, pool.stats().leased());
    }

    @Test
    void headerThatDoesNotFitInFrontLiesInABufferOfItsOwn() {
        received.buffer().putInt(FRAME, 77);
        sendOn(0, 4);
        sendOn(1, 3);
        assertEquals(2 * FRAME, queue.queuedBytes());
        assertNull(queue.takeOnly());
        ByteBuffer[] list = new ByteBuffer[16];
        assertEquals(3, queue.take(list));
        assertEquals(PAYLOAD, list[1].getInt(0));
        assertEquals(77, received.buffer().getInt(FRAME), "bytes that are not the message's were changed");
        Chunk.releaseAll(queue.clear());
        received.release();
        assertEquals(0, pool.stats().leased());
    }
}
