package io.millrace.core.internal.send;

import io.millrace.core.engine.Stage;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import org.jspecify.annotations.Nullable;

/** A chain whose open end may be out for a while, to be filled without the lock (see {@link Stage}). */
abstract class GatheringChain extends ChunkChain {
    /*
     *      | sealed | sealed |              taken out: the open end
     *      | sealed | sealed | kept place | queued meanwhile ...
     *
     * Guarded by the send loop, but for the bytes of the buffer that is out.
     */

    private boolean takenOut;
    // Where what is taken out comes back to; null if at the end.
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

    /** Whoever queues something while a buffer is out may know what is in it, so it must not get in front. */
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

    final boolean keepsPlace() {
        return place != null;
    }

    final boolean isTakenOut() {
        return takenOut;
    }
}
