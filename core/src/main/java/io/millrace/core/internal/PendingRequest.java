package io.millrace.core.internal;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** One request on its way: the future its caller holds, and when it is given up. */
final class PendingRequest extends CompletableFuture<ByteBuffer> {
    private final RequestTable table;
    private final long timeoutNanos;
    private final long deadlineNanos;
    // Written once, before the request becomes visible to the session.
    private long streamOffset;

    PendingRequest(RequestTable table, long nowNanos, long timeoutNanos) {
        this.table = table;
        this.timeoutNanos = timeoutNanos;
        this.deadlineNanos = nowNanos + timeoutNanos;
    }

    /** Hears, under the send loop's lock, that the request is queued: so the table has the order of the stream. */
    void accepted(long offset) {
        streamOffset = offset;
        table.add(this);
    }

    /** Returns how many bytes of the stream go before this request. */
    long streamOffset() {
        return streamOffset;
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    boolean isOverdue(long nowNanos) {
        return nowNanos - deadlineNanos >= 0;
    }

    /** Returns whether a reply that is given up on has failed to come for yet another timeout. */
    boolean isLost(long nowNanos) {
        return nowNanos - deadlineNanos >= timeoutNanos;
    }

    /** Returns when this request has to be looked at next, in nanoseconds from now. */
    long nextCheckNanos(long nowNanos) {
        return deadlineNanos - nowNanos + (isDone() ? timeoutNanos : 0);
    }
}
