package io.millrace.core.internal.send;

import io.millrace.core.engine.Stage;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import org.jspecify.annotations.Nullable;

/** A chain whose open end may be out for a while, to be filled without the lock (see {@link Stage}). */
abstract class GatheringChain extends ChunkChain {
    /*
     *      IN          | sealed | sealed | open |
     *      OUT         | sealed | sealed |                             the open one is out
     *      OUT, KEPT   | sealed | sealed | kept place | queued ... |   the open one is out
     *
     *            tryTakeOut            something else is queued
     *      IN --------------> OUT -------------------------------> OUT, KEPT
     *       ^                  |                                       |
     *       +----- putBack ----+------------- putBack ----------------+
     *
     * Control frames keep no place: they go in front of what is out, as they do of all that waits.
     *
     * Guarded by the queue, but for the bytes of the buffer that is out: these belong to the thread that gathers. That
     * thread also looks at keepsPlace() without the lock, see GatheringIntake.tryGather.
     */

    private boolean takenOut;

    /** Where what is taken out comes back to; null if at the end. */
    private @Nullable KeptPlace place;

    /**
     * Takes out the open buffer at the end, which is to be put back soon; its bytes still count as queued.
     *
     * @param room the least that must be left in it, in bytes
     * @return the buffer, or null if another one is out, or there is none such, or too much is in front of it
     */
    @Nullable
    final PooledBuffer tryTakeOut(int room) {
        Chunk first = head;
        if (takenOut || first == null || !(tail instanceof PooledBuffer last) || last.sealed) {
            return null;
        }
        // What begins in the buffer in front must not be torn apart.
        if (!last.startsFrame || last.buffer().remaining() < room) {
            return null;
        }
        // The chain is linked one way only: whoever has more than one chunk in front has to be found by a walk.
        if (first == last) {
            head = null;
            tail = null;
        } else if (first.next == last) {
            first.next = null;
            tail = first;
        } else {
            return null;
        }
        takenOut = true;
        return last;
    }

    /** Puts back a buffer that was taken out, in front of whatever has been queued since. */
    final void putBack(PooledBuffer buffer) {
        takenOut = false;
        if (place == null) {
            link(buffer);
        } else {
            place.fill(buffer);
            place = null;
        }
    }

    /**
     * Keeps the place of a buffer that is out. To be called before anything is queued but control frames: whoever
     * queues it may know what is in that buffer, so it must not get in front.
     */
    final void keepPlaceIfOut() {
        if (takenOut && place == null) {
            keepPlace();
        }
    }

    /** Lets what is queued from now on stay behind all that was queued so far, the buffer that is out included. */
    final void keepPlace() {
        // So that it is not taken out any more.
        sealTail();
        if (takenOut && place == null) {
            KeptPlace kept = new KeptPlace();
            link(kept);
            place = kept;
        }
    }

    /** Returns whether something has been queued behind the buffer that is out. */
    final boolean keepsPlace() {
        return place != null;
    }

    /** Returns whether a buffer is out, so that the session cannot end yet. */
    final boolean isTakenOut() {
        return takenOut;
    }
}
