package io.millrace.core.internal.receive;

import io.millrace.core.TransportException;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The one buffer that holds what has arrived on a session and is not yet delivered. */
abstract class ReceiveBuffer {
    /*
     *      0        start                    end = buffer.position()          capacity
     *      | delivered | frames, the last perhaps cut |  room for the next read  |
     *
     * It starts small, grows while reads fill it, and shrinks when they do not. A frame that does not fit is
     * assembled by growing further: never by what the frame declares, only by what has arrived of it, doubling. When
     * it has been delivered a buffer of ordinary size takes over.
     *
     * The buffer can be given away with the frames in it, to a batch of the application's executor (giveUp). Another
     * one takes over what has arrived behind the frames.
     *
     * Parts of it can be given away by callbacks, to the send queues of any sessions (see Loan). Before the next read
     * another buffer takes over, unless they have been written by then.
     *
     * Confined to the session's steps.
     */

    /** The most that one turn reads of frames that are not large, in bytes. */
    public static final int TURN_BYTES = 64 << 10;

    /** The most that one turn reads while frames are large, in bytes: fewer calls for as many bytes. */
    public static final int LARGE_TURN_BYTES = 4 * TURN_BYTES;

    /** How many times larger the next buffer is when this one was filled: 512 bytes reach 64 KiB in four reads. */
    private static final int GROWTH = 4;

    final BufferPool buffers;

    // All confined to the session's steps.
    PooledBuffer current;
    int start;

    /** Made for the first large frame; few sessions ever have one. */
    private @Nullable Loan loan;
    /** The size of the next read's buffer, as far as the frame that is arriving does not want a larger one. */
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    /** An int, because every idle session pays for it; stays where it is when it cannot count on. */
    private int discardedBytes;
    /** Whether the last read left no room in its buffer, so that the rest of a burst may follow. */
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

    /** Returns what lends the messages that lie here; makes it if there is none yet. */
    final Loan loan() {
        Loan lending = loan;
        if (lending == null) {
            lending = new Loan(this);
            loan = lending;
        }
        return lending;
    }

    /**
     * Chooses the size of the next read's buffer: more when this one was filled, and soon less when it was not, for
     * the next read may be in flight for hours. What comes after a full buffer is the rest of a burst; the next one
     * should fit.
     *
     * @param bytesRead what the read has brought
     * @param isLarge whether the frame that is arriving is large
     */
    final void adaptTo(int bytesRead, boolean isLarge) {
        boolean large = (loan != null && loan.bursts.takeLargeSeen()) || isLarge;
        int most = large && !buffers.isScarce() ? LARGE_TURN_BYTES : TURN_BYTES;
        boolean isRest = filled;
        filled = !current.buffer().hasRemaining();
        if (filled) {
            usualBytes = Math.min(usualBytes * GROWTH, most);
        } else if (bytesRead < usualBytes / (GROWTH * 2)) {
            int burst = isRest ? usualBytes / GROWTH + bytesRead : 2 * bytesRead;
            usualBytes = Math.min(Math.max(burst, BufferPool.SMALLEST_BYTES), most);
        } else {
            usualBytes = Math.min(noteMuchTooLarge() ? usualBytes / 2 : usualBytes, most);
        }
    }

    /**
     * Notes whether half of a large buffer would have done, and returns whether that has been so for some time: memory
     * that is touched less is faster.
     */
    private boolean noteMuchTooLarge() {
        return loan != null
                && usualBytes > TURN_BYTES
                && loan.bursts.noteShort(bufferedBytes() < buffers.roundUp(usualBytes / 2));
    }

    /**
     * Notes that a burst is over, and returns whether the session waits for the next one with the smallest buffer,
     * and not with the usual one. That is so for large ones, unless one large burst follows the other and few wait
     * like that: when the smallest is full there is much to read at once.
     */
    private boolean endBurst() {
        boolean isLarge = usualBytes > TURN_BYTES;
        boolean streams = loan != null && loan.bursts.noteBurst(isLarge);
        return isLarge && !(streams && buffers.mayLieIdle(usualBytes));
    }

    /** Leases a buffer that can take over from this one; null if there is none. */
    @Nullable
    final PooledBuffer tryLeaseNext() {
        int least = Math.max(bufferedBytes(), BufferPool.SMALLEST_BYTES);
        int usual = Math.max(least, usualBytes);
        PooledBuffer leased = buffers.tryAcquire(usual);
        return leased != null || least == usual ? leased : buffers.tryAcquire(least);
    }

    /** Leaves the buffer to those who own parts of it, or keeps it if there is nobody any more. */
    private void endSharing() {
        PooledBuffer other = loan == null ? null : loan.takeSpare();
        if (other != null) {
            if (current.isShared()) {
                moveTo(other);
            } else {
                other.release();
            }
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
        endSharing();
        int buffered = bufferedBytes();
        boolean waitsSmall = buffered < BufferPool.SMALLEST_BYTES && endBurst();
        int wanted = wantedBytes(buffered);
        int fitting = buffers.roundUp(Math.max(waitsSmall ? BufferPool.SMALLEST_BYTES : usualBytes, wanted));
        ByteBuffer buffer = current.buffer();
        if (buffered == 0) {
            start = 0;
            buffer.clear();
            if (fitting != current.capacity()) {
                tryMoveTo(fitting);
            }
        } else if (fitting > current.capacity() || (fitting < current.capacity() && isForLargeFrames(current))) {
            // Where memory is short, what the frame needs must do.
            int least = buffers.roundUp(wanted);
            boolean moved = tryMoveTo(fitting) || (least > current.capacity() && least < fitting && tryMoveTo(least));
            if (!moved) {
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

    /**
     * Returns whether a buffer is of those that only large frames get, one or many of them: it is given back as soon
     * as a smaller one would do, even if that costs a copy.
     */
    private static boolean isForLargeFrames(PooledBuffer buffer) {
        return buffer.capacity() >= 2 * TURN_BYTES;
    }

    private boolean tryMoveTo(int bytes) {
        PooledBuffer fitting = buffers.tryAcquire(bytes);
        if (fitting == null) {
            return false;
        }
        moveTo(fitting);
        return true;
    }

    /** Lets another buffer take over, with what has not been delivered. */
    private void moveTo(PooledBuffer other) {
        other.buffer().put(undelivered());
        current.release();
        current = other;
        start = 0;
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
        // The sum is negative when it does not fit.
        discardedBytes = Math.max(discardedBytes, discardedBytes + bufferedBytes());
        endSharing();
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
        endSharing();
        current.release();
    }
}
