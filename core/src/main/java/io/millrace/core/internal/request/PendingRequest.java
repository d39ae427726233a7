package io.millrace.core.internal.request;

import io.millrace.core.ReplyHandler;
import io.millrace.core.engine.Stage;
import io.millrace.core.internal.send.QueuedRequest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** One request on its way: who waits for the reply, and until when. Reused by its table. */
public final class PendingRequest implements QueuedRequest {
    /*
     *     free --prepare--> being sent --accepted--> sent --reply, error, deadline, end--> free
     *                           |
     *                           +--unprepare--> free
     *
     * While it is being sent its sender holds it without a lock. So whoever else takes it out of the table meanwhile
     * takes the handler, too, but leaves the object to its sender: it is not used again.
     *
     * With a token it is in the table from prepare on, otherwise from accepted on (RequestTable). One that is gathered
     * knows its place from prepare on, as willBeGathered() says, and may have to move (GatheringIntake).
     */
    private static final VarHandle BEING_SENT;

    static {
        try {
            BEING_SENT = MethodHandles.lookup().findVarHandle(PendingRequest.class, "beingSent", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final RequestTable table;

    /** Links free entries of the table. Guarded by the table. */
    @Nullable
    PendingRequest nextFree;

    // Guarded by the table.
    private @Nullable ReplyHandler handler;
    private long token;
    private long timeoutNanos;
    private long deadlineNanos;

    // Atomic: set under the table's lock, cleared by the sender; what it has written before is seen by whoever sees
    // that.
    private volatile boolean beingSent;

    // Written by the sender while it is being sent; after that guarded by the table.
    private long streamOffset;
    private long gathering;

    PendingRequest(RequestTable table) {
        this.table = table;
    }

    /** Becomes a new request, which is being sent. Guarded by the table. */
    void prepare(ReplyHandler waiting, long newToken, long nowNanos, long newTimeoutNanos) {
        gathering = Stage.NO_GATHERING;
        handler = waiting;
        token = newToken;
        timeoutNanos = newTimeoutNanos;
        deadlineNanos = nowNanos + newTimeoutNanos;
        BEING_SENT.set(this, true);
        if (waiting instanceof AbandonableReply reply) {
            reply.waitsIn(table, newToken);
        }
    }

    @Override
    public boolean mayBeGathered() {
        return !table.isInOrder();
    }

    @Override
    public void accepted(long offset, long newGathering) {
        streamOffset = offset;
        gathering = newGathering;
        if (table.isInOrder()) {
            table.add(this);
        } else {
            BEING_SENT.setRelease(this, false);
        }
    }

    /** Says where it will be in the stream, before it is gathered. Guarded by the table. */
    void willBeGathered(long offset, long newGathering) {
        streamOffset = offset;
        gathering = newGathering;
    }

    /**
     * Returns whether its sender has still to ask, under the send loop's lock, if it may be sent; who is about to
     * refuse that can leave it to its sender.
     */
    boolean isUnderway() {
        return isBeingSent() && gathering == Stage.NO_GATHERING;
    }

    /** Sets that it is in the stream, and its sender does not touch it any more. Guarded by the table. */
    void sent() {
        BEING_SENT.set(this, false);
    }

    /**
     * Returns whether its sender has not finished with it: it is not reused then, and its place in the stream is known
     * only if it is gathered.
     */
    boolean isBeingSent() {
        return beingSent;
    }

    @Override
    public void settled(long settledGathering, long movedBytes) {
        table.settled(settledGathering, movedBytes);
    }

    /** Corrects place and deadline if this was gathered then. Guarded by the table. */
    void settleIfIn(long settledGathering, long movedBytes, long overrunNanos) {
        if (!isBeingSent() && gathering == settledGathering) {
            streamOffset += movedBytes;
            deadlineNanos += overrunNanos;
        }
    }

    /**
     * Gives this back to its table, unsent.
     *
     * @return false if its handler has been told an outcome meanwhile
     */
    public boolean unprepare() {
        return table.unprepare(this);
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

    long deadlineNanos() {
        return deadlineNanos;
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
