package io.millrace.core.engine;

import io.millrace.core.memory.PooledBuffer;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where a turn puts together ("gathers") what it sends to one session, until that goes into the session's queue.
 *
 * <p>Threading: Confined to one I/O thread.
 *
 * <p>Lifecycle: one per turn, used again and again.
 *
 * <p>Ownership: while something is gathered its buffer belongs to the stage, and is in no queue.
 */
public final class Stage {
    /*
     * A callback that answers a hundred messages sends a hundred times to the same queue, and each time would take its
     * lock. So the second message in a row takes the buffer with the first one out of the queue; those that follow are
     * put behind it without a lock; the end of the turn, or whatever else the turn does to that queue, puts it back.
     *
     *             first message, in a buffer of its own             the next one
     *     EMPTY ---------------------------------------> NOTED ---------------------> GATHERING
     *       ^                                              |                              |
     *       +----- a message to another queue, or end -----+----- putBack ----------------+
     *
     * A stage knows no queue but as an object: which messages may be gathered, and what putBack does, is for
     * GatheringIntake (core.internal.send) to say; that nothing gets in front of what is gathered, for GatheringChain.
     *
     * What other threads send meanwhile goes behind what is gathered, and ends the gathering: what this turn sends
     * after it may answer to it. Of theirs nothing is in the buffer, because it is not taken out if anything has been
     * queued since the first message (`mark`).
     *
     * Requests are gathered as well, and each remembers where in the stream it is. That is known when the buffer is
     * back. So each gathering has a number, all requests in it remember that, and one of them (the passenger) is told
     * how far all of them have to move.
     */

    /** A queue that can be gathered for. */
    public interface Queue {
        /** Takes its buffer back, with what has been put into it. Must not throw. */
        void putBack();
    }

    /** Something gathered whose place in the stream matters. */
    public interface Passenger {
        /**
         * Hears, under the queue's lock, that what was gathered has its place. Only the last one of a gathering is
         * told, and tells all others of it.
         *
         * @param gathering which gathering
         * @param movedBytes how many bytes of others have gone in front
         */
        void settled(long gathering, long movedBytes);
    }

    /** The number of no gathering. */
    public static final long NO_GATHERING = 0;

    /** A number is that of the stage and, in so many bits behind it, that of the gathering: years of them. */
    private static final int GATHERING_BITS = 44;

    private static final AtomicInteger STAGES = new AtomicInteger();

    // All confined to the I/O thread.
    private long gathering = (long) STAGES.getAndIncrement() << GATHERING_BITS;
    private @Nullable Passenger passenger;

    // NOTED: the queue, and how much had been queued there then.
    private @Nullable Queue noted;
    private long mark;

    // GATHERING: for whom, in what, where in the stream that begins, how much more may go in, and how much went in.
    private @Nullable Queue gatheringFor;
    private @Nullable PooledBuffer buffer;
    private long origin;
    private int room;
    private int gatheredBytes;
    private int gatheredFrames;

    Stage() {}

    /**
     * Numbers the gathering that what is queued next may begin.
     *
     * @param first what is queued next, if its place in the stream matters
     * @return a number that no other stage uses, and this one for nothing else
     */
    public long number(@Nullable Passenger first) {
        passenger = first;
        gathering++;
        return gathering;
    }

    /**
     * Returns the number of what is gathered.
     *
     * @return as {@link #number} did before the first of it
     */
    public long gathering() {
        return gathering;
    }

    /**
     * Takes in something whose place in the stream matters.
     *
     * @param gathered what is gathered
     */
    public void carry(Passenger gathered) {
        passenger = gathered;
    }

    /**
     * Tells where in the stream the next frame is put, if nothing goes in front of what is gathered.
     *
     * @return bytes from the start of the stream
     */
    public long offset() {
        return origin + bytes().position();
    }

    /**
     * Corrects the places of what was gathered.
     *
     * @param newOrigin where in the stream it has begun
     */
    public void settleAt(long newOrigin) {
        tellPassenger(newOrigin - origin);
    }

    /** Leaves the places of what was gathered as they are. */
    public void settleInPlace() {
        tellPassenger(0);
    }

    private void tellPassenger(long movedBytes) {
        Passenger any = passenger;
        passenger = null;
        if (any != null) {
            any.settled(gathering, movedBytes);
        }
    }

    /**
     * Notes that a message has begun a buffer of its own in a queue.
     *
     * @param queue the queue
     * @param newMark how much has been queued there; it moves with everything that is
     */
    public void note(Queue queue, long newMark) {
        noted = queue;
        mark = newMark;
    }

    /**
     * Returns whether the last message went to this queue, and nothing since.
     *
     * @param queue the queue
     * @param currentMark how much has been queued there
     * @return true if the buffer at its end holds only what this turn has sent
     */
    public boolean isNoted(Queue queue, long currentMark) {
        return noted == queue && mark == currentMark;
    }

    /**
     * Takes over a buffer from a queue.
     *
     * @param queue whose it is
     * @param taken the buffer
     * @param newRoom how much may be put into it, in bytes; no more than remains of it
     * @param newOrigin where in the stream the buffer begins, if nothing goes in front of it meanwhile
     */
    public void begin(Queue queue, PooledBuffer taken, int newRoom, long newOrigin) {
        noted = null;
        origin = newOrigin;
        gatheringFor = queue;
        buffer = taken;
        room = newRoom;
        gatheredBytes = 0;
        gatheredFrames = 0;
    }

    /**
     * Returns whether something is gathered for a queue.
     *
     * @param queue the queue
     * @return true from {@link #begin} to {@link #end}
     */
    public boolean isGatheringFor(Queue queue) {
        return gatheringFor == queue;
    }

    /**
     * Returns where the next frame is put.
     *
     * @return the bytes of the buffer that was taken over
     */
    public ByteBuffer bytes() {
        return taken().buffer();
    }

    private PooledBuffer taken() {
        PooledBuffer taken = buffer;
        if (taken == null) {
            throw new IllegalStateException("nothing is gathered");
        }
        return taken;
    }

    /**
     * Returns how much may still be put into the buffer.
     *
     * @return bytes
     */
    public int room() {
        return room;
    }

    /**
     * Counts a frame that has been put into the buffer.
     *
     * @param bytes its length
     */
    public void gathered(int bytes) {
        room -= bytes;
        gatheredBytes += bytes;
        gatheredFrames++;
    }

    /**
     * Returns how much has been put into the buffer since it was taken over.
     *
     * @return bytes
     */
    public int gatheredBytes() {
        return gatheredBytes;
    }

    /**
     * Returns how many frames have been put into the buffer since it was taken over.
     *
     * @return frames
     */
    public int gatheredFrames() {
        return gatheredFrames;
    }

    /**
     * Gathers no longer. The counts of what was gathered stay until {@link #begin}.
     *
     * @return the buffer, which belongs to the caller
     */
    public PooledBuffer end() {
        PooledBuffer taken = taken();
        gatheringFor = null;
        buffer = null;
        return taken;
    }

    /** Gives whatever is gathered back to its queue. Takes that queue's lock, so no other may be held. */
    public void putBack() {
        Queue queue = gatheringFor;
        if (queue != null) {
            queue.putBack();
        }
    }

    /** Becomes EMPTY: the turn's messages are about to leave, or another thread may go on with the session. */
    void clear() {
        noted = null;
        putBack();
    }
}
