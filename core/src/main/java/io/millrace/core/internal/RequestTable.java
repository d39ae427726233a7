package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The requests of one session that wait for their replies, which come in the same order. */
final class RequestTable {
    /*
     * Without tokens on the wire, the n-th reply answers the n-th request. So a request that was given up (timed out
     * or cancelled) stays in its place as a tombstone: a future that is done. Its reply, when it comes, is eaten.
     *
     * A tombstone whose reply does not come within one more timeout means that replies are lost, and too many of them
     * that the peer is not answering: either way pairing can no longer be trusted, and expire() says so.
     *
     * Exactly one outcome each: a CompletableFuture takes the first. Futures are completed outside the lock, for
     * their dependents are the application's.
     */

    /** What the table needs of its session. */
    interface Requester {
        /** Hears, on the timer thread, that {@link RequestTable#expire} has work. */
        void requestsDue();
    }

    /** More tombstones than this and the connection is given up. */
    static final int TOMBSTONE_LIMIT = 16;

    private final Deadlines deadlines;
    private final Requester requester;
    private final Deadline nextCheck = new Deadline() {
        @Override
        protected void expired() {
            requester.requestsDue();
        }
    };

    // Guarded by this.
    private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>();
    private long nextCheckNanos = Long.MAX_VALUE;
    private boolean checkArmed;
    private boolean closed;
    private long lateReplies;

    RequestTable(Deadlines deadlines, Requester requester) {
        this.deadlines = deadlines;
        this.requester = requester;
    }

    /** Adds a request behind all others. */
    void add(PendingRequest request) {
        synchronized (this) {
            waiting.addLast(request);
        }
        checkWithin(request.timeoutNanos());
    }

    private void checkWithin(long delayNanos) {
        synchronized (this) {
            long at = deadlines.nanoTime() + delayNanos;
            if (closed || (checkArmed && nextCheckNanos - at <= 0)) {
                return;
            }
            checkArmed = true;
            nextCheckNanos = at;
        }
        deadlines.arm(nextCheck, delayNanos);
    }

    /**
     * Gives a reply to the oldest request.
     *
     * @param reply borrowed
     * @return false if no request is waiting
     */
    boolean reply(ByteBuffer reply) {
        PendingRequest oldest;
        synchronized (this) {
            oldest = waiting.pollFirst();
            if (oldest == null) {
                return false;
            }
            if (oldest.isDone()) {
                lateReplies++;
                return true;
            }
        }
        oldest.complete(ByteBuffer.allocate(reply.remaining()).put(reply).flip());
        return true;
    }

    /**
     * Gives up what is overdue.
     *
     * @param peer whom to name
     * @return why the replies of this connection cannot be trusted any more, or null
     */
    @Nullable
    CloseReason expire(Object peer) {
        long now = deadlines.nanoTime();
        PendingRequest[] all;
        synchronized (this) {
            checkArmed = false;
            all = waiting.toArray(new PendingRequest[0]);
        }
        int tombstones = 0;
        long delayNanos = Long.MAX_VALUE;
        for (PendingRequest request : all) {
            if (request.isOverdue(now) && !request.isDone()) {
                request.completeExceptionally(new RequestTimeoutException("no reply from " + peer + " within "
                        + Duration.ofNanos(request.timeoutNanos()).toMillis() + " ms"));
            }
            if (request.isDone()) {
                tombstones++;
                if (request.isLost(now)) {
                    return CloseReason.of(
                            CloseReason.Kind.TIMEOUT, "a reply is missing for two timeouts, so the order is lost");
                }
            }
            delayNanos = Math.min(delayNanos, request.nextCheckNanos(now));
        }
        if (tombstones > TOMBSTONE_LIMIT) {
            return CloseReason.of(
                    CloseReason.Kind.TIMEOUT, tombstones + " replies are overdue; the limit is " + TOMBSTONE_LIMIT);
        }
        if (delayNanos != Long.MAX_VALUE) {
            checkWithin(delayNanos);
        }
        return null;
    }

    /** Fails everything that waits, for good. */
    void close(CloseReason reason, long writtenBytes) {
        PendingRequest[] all;
        synchronized (this) {
            closed = true;
            all = waiting.toArray(new PendingRequest[0]);
            waiting.clear();
        }
        deadlines.cancel(nextCheck);
        for (PendingRequest request : all) {
            request.completeExceptionally(new SessionClosedException(reason, request.streamOffset() < writtenBytes));
        }
    }

    synchronized int size() {
        return waiting.size();
    }

    synchronized long lateReplies() {
        return lateReplies;
    }
}
