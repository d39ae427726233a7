package io.millrace.core.internal.receive;

import io.millrace.core.TransportException;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The one buffer that holds what has arrived on a session and is not yet delivered. */
abstract class ReceiveBuffer implements Turn.Lender {
    /*
     *      0        start                    end = buffer.position()          capacity
     *      | delivered | frames, the last perhaps cut |  room for the next read  |
     *
     * It starts small, grows while reads fill it, and shrinks when they do not. A frame that does not fit is
     * assembled by growing further: never by what the frame declares, only by what has arrived of it, doubling. When
     * it has been delivered a buffer of ordinary size takes over.
     *
     * The buffer can be given away with the frames in it: to a batch of the application's executor (giveUp), or, by a
     * callback, to the send queue of any session (tryGiveUp, then given or takeBack). Another one takes over what has
     * arrived behind the frames.
     *
     * Confined to the session's steps.
     */

    /** The most that one turn reads, in bytes, unless a larger frame is being assembled. */
    public static final int TURN_BYTES = 64 << 10;

    private static final int GROWTH = 4;

    final BufferPool buffers;

    PooledBuffer current;
    int start;

    private @Nullable PooledBuffer replacement;
    private @Nullable ByteBuffer lent;
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    private int discardedBytes;
    private boolean filled;

    /** Reserves the first buffer, or fails. */
    ReceiveBuffer(BufferPool buffers) throws TransportException {
        PooledBuffer first = buffers.tryAcquire(BufferPool.SMALLEST_BYTES);
        if (first == null) {
            throw new TransportException("no receive buffer left: raise bufferMemory of the group");
        }
        this.buffers = buffers;
        this.current = first;
    }

    /** Returns how large a buffer the frame wants of which so many bytes have arrived. */
    abstract int wantedBytes(int buffered);

    /** Lends a message to a callback, which may give its buffer away; for one that lies in a buffer of its own. */
    final void lend(ByteBuffer message) {
        lent = message;
    }

    /** The callback is over: nothing is lent any more. */
    final void endLoan() {
        lent = null;
        replacement = null;
    }

    /**
     * Chooses the size of the next read's buffer: more when this one was filled, and soon less when it was not, for
     * the next read may be in flight for hours. What comes after a full buffer is the rest of a burst; the next one
     * should fit.
     */
    final void adaptTo(int bytesRead) {
        boolean isRest = filled;
        filled = !current.buffer().hasRemaining();
        if (filled) {
            usualBytes = Math.min(usualBytes * GROWTH, TURN_BYTES);
        } else if (bytesRead < usualBytes / (GROWTH * 2)) {
            int burst = isRest ? usualBytes / GROWTH + bytesRead : 2 * bytesRead;
            usualBytes = Math.max(burst, BufferPool.SMALLEST_BYTES);
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very window that was lent, not one with the same bytes
    public @Nullable PooledBuffer tryGiveUp(ByteBuffer message) {
        if (message != lent) {
            return null;
        }
        if (replacement != null) {
            throw new IllegalStateException("this message has been transferred already, and its memory is somebody"
                    + " else's: transfer it once, last of all");
        }
        PooledBuffer rest = copyOfRest();
        if (rest == null) {
            return null;
        }
        PooledBuffer given = current;
        given.buffer().limit(message.limit()).position(message.position());
        given.sealed = true;
        replacement = rest;
        return given;
    }

    @Override
    public void given() {
        PooledBuffer rest = replacement;
        if (rest != null) {
            // It stays the replacement until the callback returns: so a second transfer can be told from the first.
            current = rest;
            start = 0;
        }
    }

    @Override
    public void takeBack() {
        PooledBuffer rest = replacement;
        if (rest != null) {
            current.sealed = false;
            current.buffer()
                    .limit(current.capacity())
                    .position(start + rest.buffer().position());
            replacement = null;
            rest.release();
        }
    }

    /**
     * Gives away the buffer in which the frames lie that have just been delivered.
     *
     * @return the buffer, the taker's to release; or null if there is no memory for what has arrived behind them
     */
    public @Nullable PooledBuffer giveUp() {
        PooledBuffer rest = copyOfRest();
        if (rest == null) {
            return null;
        }
        PooledBuffer given = current;
        current = rest;
        start = 0;
        return given;
    }

    private @Nullable PooledBuffer copyOfRest() {
        PooledBuffer rest = buffers.tryAcquire(Math.max(bufferedBytes(), BufferPool.SMALLEST_BYTES));
        if (rest != null) {
            rest.buffer().put(rest.buffer().position(), current.buffer(), start, bufferedBytes());
            rest.buffer().position(bufferedBytes());
        }
        return rest;
    }

    /**
     * Makes room for the next read.
     *
     * @throws TransportException if there is no memory for the rest of a frame
     */
    public void makeRoom() throws TransportException {
        int buffered = bufferedBytes();
        int fitting = buffers.roundUp(Math.max(usualBytes, wantedBytes(buffered)));
        ByteBuffer buffer = current.buffer();
        if (buffered == 0) {
            start = 0;
            buffer.clear();
            if (fitting != current.capacity()) {
                tryMoveTo(fitting);
            }
        } else if (fitting > current.capacity() || (fitting < current.capacity() && isAssembly(current))) {
            if (!tryMoveTo(fitting)) {
                moveToFront();
            }
        } else if (buffer.remaining() < current.capacity() / 2) {
            moveToFront();
        }
        if (!current.buffer().hasRemaining()) {
            throw new TransportException("no buffer memory left to assemble a frame of which " + buffered
                    + " bytes have arrived: raise bufferMemory of the group");
        }
    }

    /** Returns whether a buffer is larger than any that is used for its own sake, and not for one large frame. */
    final boolean isAssembly(PooledBuffer buffer) {
        return buffer.capacity() >= 2 * TURN_BYTES;
    }

    private boolean tryMoveTo(int bytes) {
        PooledBuffer fitting = buffers.tryAcquire(bytes);
        if (fitting == null) {
            return false;
        }
        fitting.buffer().put(current.view(start, current.buffer().position()));
        current.release();
        current = fitting;
        start = 0;
        return true;
    }

    private void moveToFront() {
        if (start > 0) {
            current.buffer().limit(current.buffer().position()).position(start);
            current.buffer().compact();
            start = 0;
        }
    }

    /** Drops everything that has arrived. */
    public void discard() {
        discardedBytes = Math.max(discardedBytes, discardedBytes + bufferedBytes());
        start = 0;
        current.buffer().clear();
    }

    /** {@return the buffer in which the frames lie that have just been delivered, for as long as nothing is read} */
    public PooledBuffer buffer() {
        return current;
    }

    /** {@return the start of what has arrived and was not delivered, to explain it} */
    public ByteBuffer undelivered() {
        return current.view(start, current.buffer().position());
    }

    /** {@return how much has arrived and was not delivered} */
    public int bufferedBytes() {
        return current.buffer().position() - start;
    }

    /**
     * Returns how much was dropped by {@link #discard()}.
     *
     * @return bytes
     */
    public long discardedBytes() {
        return discardedBytes;
    }

    /** Gives the buffer back to its pool. */
    final void releaseBuffer() {
        current.release();
    }
}
