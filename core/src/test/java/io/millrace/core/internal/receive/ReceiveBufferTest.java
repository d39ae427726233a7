package io.millrace.core.internal.receive;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.TransportException;
import io.millrace.core.memory.BufferPool;
import org.junit.jupiter.api.Test;

/** With how large a buffer a session waits, after what it has received. */
class ReceiveBufferTest {
    private static final int BURSTS = 8;
    private static final int KIB = 1 << 10;

    /** A buffer into which the test writes what would be read. */
    private static final class Buffer extends ReceiveBuffer {
        Buffer(BufferPool buffers) throws TransportException {
            super(buffers);
        }

        @Override
        int wantedBytes(int buffered) {
            return buffered + 1;
        }

        /** Receives bytes that all come at once, delivers them as large messages, and makes room for the next. */
        void receiveLarge(int bytes) throws TransportException {
            for (int left = bytes; left > 0; ) {
                int part = Math.min(left, current.buffer().remaining());
                current.buffer().position(current.buffer().position() + part);
                left -= part;
                adaptTo(part, true);
                if (left == 0) {
                    deliverAll();
                    loan().bursts.noteLargeFrame();
                }
                makeRoom();
            }
        }

        void receiveSmall() throws TransportException {
            current.buffer().put((byte) 1);
            adaptTo(1, false);
            deliverAll();
            makeRoom();
        }

        private void deliverAll() {
            start = current.buffer().position();
        }
    }

    private final BufferPool plenty = new BufferPool(64 << 20);

    private static Buffer after(BufferPool buffers, int bursts, int bytes) throws TransportException {
        Buffer buffer = new Buffer(buffers);
        for (int i = 0; i < bursts; i++) {
            buffer.receiveLarge(bytes);
        }
        return buffer;
    }

    @Test
    void sessionWaitsWithTheSmallestBufferAfterOneLargeBurst() throws Exception {
        Buffer buffer = after(plenty, 1, 256 * KIB);

        assertEquals(512, buffer.current.capacity());
        assertEquals(512, plenty.stats().leasedBytes());
    }

    @Test
    void sessionWaitsWithTheLargeBufferWhenLargeBurstsFollowEachOther() throws Exception {
        Buffer buffer = after(plenty, 2 * BURSTS, 256 * KIB);

        assertEquals(plenty.roundUp(256 * KIB), buffer.current.capacity());
    }

    @Test
    void smallMessageEndsTheWaitingWithALargeBuffer() throws Exception {
        Buffer buffer = after(plenty, 2 * BURSTS, 256 * KIB);

        buffer.receiveSmall();
        assertEquals(512, buffer.current.capacity());
        buffer.receiveLarge(256 * KIB);
        assertEquals(512, buffer.current.capacity());
    }

    @Test
    void sessionsWaitWithLargeBuffersUpToASixteenthOfTheMemory() throws Exception {
        BufferPool buffers = new BufferPool(16 << 20);
        Buffer[] sessions = new Buffer[12];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = new Buffer(buffers);
        }
        for (int round = 0; round < 3 * BURSTS; round++) {
            for (Buffer session : sessions) {
                session.receiveLarge(256 * KIB);
            }
        }

        int large = 0;
        for (Buffer session : sessions) {
            large += session.current.capacity() == 512 ? 0 : 1;
        }
        assertEquals((16 << 20) / 16 / buffers.roundUp(256 * KIB), large);
    }

    @Test
    void sessionWaitsWithWhatItsBurstsNeed() throws Exception {
        Buffer buffer = after(plenty, 2 * BURSTS, 256 * KIB);

        for (int i = 0; i < 2 * BURSTS; i++) {
            buffer.receiveLarge(65_540);
        }
        assertEquals(plenty.roundUp(65_540), buffer.current.capacity());
    }

    @Test
    void oneLongBurstAmongShortOnesKeepsTheLargeBuffer() throws Exception {
        Buffer buffer = after(plenty, 2 * BURSTS, 256 * KIB);

        for (int i = 0; i < 3 * BURSTS; i++) {
            buffer.receiveLarge(i % BURSTS == 0 ? 256 * KIB : 65_540);
        }
        assertEquals(plenty.roundUp(256 * KIB), buffer.current.capacity());
    }
}
