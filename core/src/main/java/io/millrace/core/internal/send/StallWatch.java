package io.millrace.core.internal.send;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;

/** Looks once per interval whether the writes in flight get anywhere; costs nothing in between. */
final class StallWatch extends Deadline {
    /** What is watched. It is its own lock, which guards this watch too. */
    interface Writes {
        Deadlines deadlines();

        /** Returns how often to look, in nanoseconds; 0 is never. */
        long stallNanos();

        /** Returns the least that must be written from one look to the next, in bytes, if as much is queued. */
        int leastProgressBytes();

        /** Returns whether a write is in flight. Guarded by this. */
        boolean isWriting();

        /** Returns how much has been written so far, in bytes. Guarded by this. */
        long writtenBytes();

        /** Returns how much is queued and not written, in bytes. Guarded by this. */
        long queuedBytes();

        /** Hears, on the timer thread, that the writes get nowhere. */
        void stalled();
    }

    private final Writes writes;

    // Guarded by the writes.
    private boolean watching;
    private long bytesDue;

    StallWatch(Writes writes) {
        this.writes = writes;
    }

    /** Guarded by the writes. Begins to watch, unless it does already; returns whether {@link #arm} must follow. */
    boolean begin() {
        if (watching || writes.stallNanos() == 0) {
            return false;
        }
        watching = true;
        bytesDue = writes.writtenBytes() + Math.min(writes.leastProgressBytes(), writes.queuedBytes());
        return true;
    }

    void arm() {
        writes.deadlines().arm(this, writes.stallNanos());
    }

    void cancel() {
        writes.deadlines().cancel(this);
    }

    @Override
    protected void expired() {
        boolean progressed;
        synchronized (writes) {
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
