package io.millrace.core.internal.request;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Stage;

/**
 * Tells a table when its requests begin: the clock is read once for all that one turn gathers, because reading it costs
 * as much as the table does.
 */
final class GatheringClock {
    /*
     * A reply must not be given up early, so what is gathered counts as begun somewhat later than the clock was read;
     * and should the turn take longer than that, what it has gathered is put off by the rest when it ends.
     *
     *     the clock is read      ALLOWANCE later          the gathering ends
     *      |------------------------|--------- overrun ---------|
     *      the first one begins     the others count as begun   all are put off by the overrun
     */

    /** How much later, in nanoseconds: far more than a turn takes, and far less than the grain of deadlines. */
    static final long ALLOWANCE_NANOS = 1_000_000;

    private final Deadlines deadlines;

    // Guarded by the table.
    /** The gathering that the clock was read for last. */
    private long gathering = Stage.NO_GATHERING;

    private long readNanos;
    /** Whether requests rely on that reading, so that it has to stay until the gathering has ended. */
    private boolean reused;

    GatheringClock(Deadlines deadlines) {
        this.deadlines = deadlines;
    }

    /** Returns when a request that begins now counts as begun. Guarded by the table. */
    long nanoTime(long ofGathering) {
        if (ofGathering != Stage.NO_GATHERING && ofGathering == gathering) {
            reused = true;
            return readNanos + ALLOWANCE_NANOS;
        }
        return read(ofGathering);
    }

    private long read(long ofGathering) {
        long now = deadlines.nanoTime();
        // What another turn gathers at the same time does without, if this one relies on it.
        if (ofGathering != Stage.NO_GATHERING && !reused) {
            gathering = ofGathering;
            readNanos = now;
        }
        return now;
    }

    /** Hears that a gathering has ended; returns by how much its requests have to be put off. Guarded by the table. */
    long overrunNanos(long ended) {
        if (!reused || ended != gathering) {
            return 0;
        }
        reused = false;
        gathering = Stage.NO_GATHERING;
        return Math.max(0, deadlines.nanoTime() - readNanos - ALLOWANCE_NANOS);
    }
}
