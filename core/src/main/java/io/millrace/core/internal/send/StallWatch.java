package io.millrace.core.internal.send;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;

/** Looks once per interval whether the writes in flight get anywhere; costs nothing in between. */
final class StallWatch extends Deadline {
    /** What is watched. */
    interface Writes {
        /** Returns the lock that guards the writes, and this watch. */
        Object lock();

        /** Returns whether a write is in flight. Guarded by the lock. */
        boolean isWriting();

        /** Returns how much has been written so far, in bytes. Guarded by the lock. */
        long writtenBytes();

        /** Returns how much is queued and not written, in bytes. Guarded by the lock. */
        long queuedBytes();

        /** Hears, on the timer thread, that the writes get nowhere. */
        void stalled();
    }

    private final Writes writes;
    private final Deadlines deadlines;
    private final long intervalNanos;
    private final int leastBytes;

    // Guarded by the lock of the writes.
    private boolean watching;
    private long bytesDue;

    /** Makes a watch that looks so often (0 is never) and wants so many bytes each time, if as many are queued. */
    StallWatch(Writes writes, Deadlines deadlines, long intervalNanos, int leastBytes) {
        this.writes = writes;
        this.deadlines = deadlines;
        this.intervalNanos = intervalNanos;
        this.leastBytes = leastBytes;
    }

    /** Guarded by the lock. Begins to watch, unless it does already; returns whether {@link #arm} must follow. */
    boolean begin() {
        if (watching || intervalNanos == 0) {
            return false;
        }
        watching = true;
        bytesDue = writes.writtenBytes() + Math.min(leastBytes, writes.queuedBytes());
        return true;
    }

    void arm() {
        deadlines.arm(this, intervalNanos);
    }

    void cancel() {
        deadlines.cancel(this);
    }

    @Override
    protected void expired() {
        boolean progressed;
        synchronized (writes.lock()) {
            watching = false;
            if (!writes.isWriting()) {
                return;
            }
            progressed = writes.writtenBytes() >= bytesDue;
            if (progressed) {
                begin();
            }
        }
        if (progressed) {
            arm();
        } else {
            writes.stalled();
        }
    }
}
