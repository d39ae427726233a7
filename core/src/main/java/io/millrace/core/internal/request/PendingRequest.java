package io.millrace.core.internal.request;

import io.millrace.core.ReplyHandler;
import io.millrace.core.internal.send.QueuedRequest;
import org.jspecify.annotations.Nullable;

/** One request on its way: who waits for the reply, and until when. Reused by its table. */
public final class PendingRequest implements QueuedRequest {
    private final RequestTable table;

    /** Links free entries of the table. Guarded by the table. */
    @Nullable
    PendingRequest nextFree;

    // Guarded by the table, and by the send loop until the request is in the table.
    private @Nullable ReplyHandler handler;
    private long token;
    private long timeoutNanos;
    private long deadlineNanos;
    private long streamOffset;

    PendingRequest(RequestTable table) {
        this.table = table;
    }

    void prepare(ReplyHandler waiting, long newToken, long nowNanos, long newTimeoutNanos) {
        handler = waiting;
        token = newToken;
        timeoutNanos = newTimeoutNanos;
        deadlineNanos = nowNanos + newTimeoutNanos;
        if (waiting instanceof AbandonableReply reply) {
            reply.waitsIn(table, newToken);
        }
    }

    /** Hears, under the send loop's lock, that the request is queued: so the table has the order of the stream. */
    @Override
    public void accepted(long offset) {
        streamOffset = offset;
        table.add(this);
    }

    /** Gives this back to its table, unsent. */
    public void unprepare() {
        table.unprepare(this);
    }

    @Override
    public long token() {
        return token;
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    /** Returns whether any byte of the request is among the first so many bytes of the stream. */
    boolean isWritten(long writtenBytes) {
        return streamOffset < writtenBytes;
    }

    boolean isOverdue(long nowNanos) {
        return nowNanos - deadlineNanos >= 0;
    }

    long nanosLeft(long nowNanos) {
        return deadlineNanos - nowNanos;
    }

    /** Returns whether nobody waits any more: the request was given up, or its caller has cancelled it. */
    boolean isAbandoned() {
        ReplyHandler waiting = handler;
        return waiting == null || (waiting instanceof AbandonableReply reply && reply.isAbandoned());
    }

    boolean isWaitedForBy(ReplyHandler someone) {
        return handler == someone;
    }

    /** Gives up the request: returns who waited for it, once. */
    @Nullable
    ReplyHandler abandon() {
        ReplyHandler waiting = handler;
        handler = null;
        return waiting;
    }
}
