package io.millrace.core.internal.send;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An encoder that throws in the middle of a frame leaves nothing of it. */
class BrokenEncoderTest {
    private static final String FAULT = "the encoder is broken";

    /** Where it throws. */
    private enum Where {
        NOWHERE,
        HEADER,
        TRAILER
    }

    /** Puts a byte in front and one behind. */
    private static final class Brackets implements FrameEncoder {
        private final Where broken;

        Brackets(Where broken) {
            this.broken = broken;
        }

        @Override
        public void check(ByteBuffer payload) {}

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return 2;
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            out.put((byte) '<');
            throwIf(Where.HEADER);
            out.put((byte) '<');
        }

        @Override
        public int trailerLength() {
            return 2;
        }

        @Override
        public void putTrailer(ByteBuffer out) {
            out.put((byte) '>');
            throwIf(Where.TRAILER);
            out.put((byte) '>');
        }

        private void throwIf(Where here) {
            if (broken == here) {
                throw new IllegalStateException(FAULT);
            }
        }
    }

    private static final FrameEncoder WHOLE = new Brackets(Where.NOWHERE);

    private final BufferPool pool = new BufferPool(4 << 20);
    private final SendQueue queue = new SendQueue(pool);

    private static ByteBuffer payload(int length) {
        return ByteBuffer.allocate(length);
    }

    private void appendWhole(int length) {
        assertTrue(queue.tryAppend(WHOLE, FrameKind.MESSAGE, 0, payload(length)));
    }

    private static byte[] frames(int... lengths) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int length : lengths) {
            bytes.writeBytes(new byte[] {'<', '<'});
            bytes.writeBytes(new byte[length]);
            bytes.writeBytes(new byte[] {'>', '>'});
        }
        return bytes.toByteArray();
    }

    private void expectNothingBut(int... lengths) {
        byte[] expected = frames(lengths);
        assertEquals(expected.length, queue.queuedBytes());
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        ByteBuffer[] list = new ByteBuffer[IoContext.GATHER_LIMIT];
        for (int writes = 0; writes < 10 && !queue.isEmpty(); writes++) {
            int count = queue.take(list);
            int before = written.size();
            for (int i = 0; i < count; i++) {
                byte[] chunk = new byte[list[i].remaining()];
                list[i].get(chunk);
                written.writeBytes(chunk);
            }
            Chunk.releaseAll(queue.written(written.size() - before));
        }
        assertArrayEquals(expected, written.toByteArray());
        Chunk.releaseAll(queue.clear());
        assertEquals(0, pool.stats().leased());
    }

    private void expectFault(Runnable append) {
        assertEquals(
                FAULT, assertThrows(IllegalStateException.class, append::run).getMessage());
    }

    private static final int[] BEHIND_SOMETHING = {0, 100, 9_000, 70_000};

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOWHERE")
    void messageOfAnyLengthLeavesNothing(Where where) {
        FrameEncoder broken = new Brackets(where);
        for (int length : BEHIND_SOMETHING) {
            expectFault(() -> queue.tryAppend(broken, FrameKind.MESSAGE, 0, payload(length)));
            assertFalse(queue.hasItems());
        }
        for (int length : BEHIND_SOMETHING) {
            appendWhole(10);
            expectFault(() -> queue.tryAppend(broken, FrameKind.MESSAGE, 0, payload(length)));
            appendWhole(20);
            expectNothingBut(10, 20);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOWHERE")
    void messageWithAnEndThatIsToldLeavesNothing(Where where) {
        FrameEncoder broken = new Brackets(where);
        SentMarker marker = new SentMarker(failure -> {});
        appendWhole(10);
        expectFault(() -> queue.tryAppend(broken, FrameKind.MESSAGE, payload(5), marker, 0));
        appendWhole(20);
        expectNothingBut(10, 20);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOWHERE")
    void messageThatIsSentFromWhereItIsLeavesNothingAndStaysItsOwners(Where where) {
        FrameEncoder broken = new Brackets(where);
        appendWhole(10);
        Chunk body = new TransferredChunk(payload(5_000), () -> {});
        expectFault(() -> queue.tryAppend(broken, FrameKind.MESSAGE, 0, payload(3), body, 5_000));
        appendWhole(20);
        expectNothingBut(10, 20);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void controlFrameLeavesNothing(boolean behindSomething) {
        FrameEncoder broken = new Brackets(Where.TRAILER);
        if (behindSomething) {
            appendWhole(10);
        }
        expectFault(() -> queue.tryAppendUrgent(broken, FrameKind.PING, 0, payload(0)));
        appendWhole(20);
        if (behindSomething) {
            expectNothingBut(10, 20);
        } else {
            expectNothingBut(20);
        }
    }

    @Test
    void bufferThatIsOutComesBackInFront() {
        appendWhole(10);
        PooledBuffer out = Objects.requireNonNull(queue.tryTakeOut(1));
        expectFault(() -> queue.tryAppend(new Brackets(Where.HEADER), FrameKind.MESSAGE, 0, payload(5)));
        queue.putBack(out, 0);
        appendWhole(20);
        expectNothingBut(10, 20);
    }
}
