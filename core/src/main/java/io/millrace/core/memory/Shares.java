package io.millrace.core.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts who holds a leased buffer: the holder of the lease, and every {@link SharedSlice} that is out.
 *
 * <p>Threading: slices are made by the holder of the lease only; whoever holds one may let it go on any thread.
 *
 * <p>Lifecycle: made when its buffer is first shared, and kept with its slices for all later leases of that buffer.
 */
final class Shares {
    private final PooledBuffer buffer;

    // Atomic: whoever brings it to 0 is the last one, and alone with the buffer.
    private final AtomicInteger holders = new AtomicInteger(1);

    // Confined to the holder of the lease, and to the last holder when that has gone.
    private final List<SharedSlice> slices = new ArrayList<>(4);
    /** How many of them are out, or were since the last time that all were back. */
    private int used;
    /** Whether only slices hold the buffer any more. */
    private boolean leaseEnded;

    Shares(PooledBuffer buffer) {
        this.buffer = buffer;
    }

    /** Makes a part somebody else's; see {@link PooledBuffer#share}. */
    SharedSlice share(int from, int to, int room) {
        if (!isHeldByOthers()) {
            // All slices are back, so all of them can be used again.
            used = 0;
        }
        if (used == slices.size()) {
            slices.add(new SharedSlice(this, buffer.buffer().duplicate()));
        }
        SharedSlice slice = slices.get(used++);
        holders.incrementAndGet();
        slice.open(from, to, room);
        return slice;
    }

    /** Returns whether any slice is out. Asked by the holder of the lease. */
    boolean isHeldByOthers() {
        return holders.get() > 1;
    }

    /** The holder of the lease lets go; returns whether nobody else holds the buffer. */
    boolean endLease() {
        if (leaseEnded) {
            throw new IllegalStateException(
                    "buffer of " + buffer.capacity() + " bytes released twice, while parts of it were shared");
        }
        leaseEnded = true;
        return countDown();
    }

    /** A slice lets go, and gives the buffer back if it is the last holder. */
    void letGo() {
        if (countDown()) {
            buffer.giveBack();
        }
    }

    /** Returns whether the last holder has gone; all is ready for the next lease of the buffer then. */
    private boolean countDown() {
        if (holders.decrementAndGet() > 0) {
            return false;
        }
        holders.set(1);
        leaseEnded = false;
        return true;
    }
}
