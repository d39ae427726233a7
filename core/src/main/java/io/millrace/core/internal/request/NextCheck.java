package io.millrace.core.internal.request;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;

/**
 * The one deadline of a whole table. It is set for the earliest request when it is not set, and has all of them
 * looked at when it passes; requests that are answered in time, which is nearly all, never touch the timer again.
 */
final class NextCheck extends Deadline {
    private final Deadlines deadlines;
    private final Requester requester;

    // Guarded by the table.
    private boolean armed;
    /** When, if armed: a time of the timer's clock. */
    private long atNanos;

    private boolean ended;

    NextCheck(Deadlines deadlines, Requester requester) {
        this.deadlines = deadlines;
        this.requester = requester;
    }

    /**
     * Checks at a time at the latest. Guarded by the table.
     *
     * @param nanos when, as a time of the timer's clock
     * @param delayNanos how long that is from now, which who calls this knows
     */
    void at(long nanos, long delayNanos) {
        if (!armed || atNanos - nanos > 0) {
            arm(nanos, delayNanos);
        }
    }

    /** Arms under the lock, so that of two that arm at once the earlier check wins. Guarded by the table. */
    private void arm(long nanos, long delayNanos) {
        if (!ended) {
            armed = true;
            atNanos = nanos;
            deadlines.arm(this, delayNanos);
        }
    }

    /** Checks after some time at the latest. Guarded by the table. */
    void within(long delayNanos) {
        at(deadlines.nanoTime() + delayNanos, delayNanos);
    }

    /** Notes that everything is being looked at. Guarded by the table. */
    void passed() {
        armed = false;
    }

    /** Sets that nothing is checked any more; {@link #cancel} follows. Guarded by the table. */
    void endForGood() {
        ended = true;
    }

    /** Disarms the timer, outside the table's lock. */
    void cancel() {
        deadlines.cancel(this);
    }

    @Override
    protected void expired() {
        requester.requestsDue();
    }
}
