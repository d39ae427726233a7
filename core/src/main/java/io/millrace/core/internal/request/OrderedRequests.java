package io.millrace.core.internal.request;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.ReplyHandler;
import io.millrace.core.engine.Deadlines;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests whose replies come in the same order. */
final class OrderedRequests extends RequestTable {
    /*
     * Without tokens on the wire, the n-th reply answers the n-th request. So a request that was given up (timed out
     * or cancelled) stays in its place as a tombstone that eats its reply.
     *
     * A tombstone that is first in line, and whose reply does not come within one more timeout, means that replies are
     * lost; too many tombstones mean that the peer is not answering. Either way pairing can no longer be trusted. Where
     * only one request may be on its way, no tombstone is allowed at all.
     */

    /** More tombstones than this and the connection is given up. */
    static final int TOMBSTONE_LIMIT = 16;

    private final int limit;

    // Guarded by this.
    private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>();
    private boolean tombstoneMovedUp;
    private long movedUpNanos;

    private OrderedRequests(Deadlines deadlines, Requester requester, int limit) {
        super(deadlines, requester);
        this.limit = limit;
    }

    static OrderedRequests pipelined(Deadlines deadlines, Requester requester) {
        return new OrderedRequests(deadlines, requester, IN_FLIGHT_LIMIT);
    }

    static OrderedRequests oneAtATime(Deadlines deadlines, Requester requester) {
        return new OrderedRequests(deadlines, requester, 1);
    }

    @Override
    long nextToken() {
        return 0;
    }

    @Override
    public boolean isInOrder() {
        return true;
    }

    @Override
    void put(PendingRequest request) {
        waiting.addLast(request);
    }

    @Override
    @Nullable
    PendingRequest take(long token) {
        PendingRequest taken = waiting.pollFirst();
        PendingRequest first = waiting.peekFirst();
        tombstoneMovedUp = first != null && first.isAbandoned();
        if (tombstoneMovedUp) {
            movedUpNanos = nanoTime();
        }
        return taken;
    }

    @Override
    boolean tryForget(long token, ReplyHandler waiter) {
        // Its reply has to be told from the next one, so it stays, as a tombstone.
        return false;
    }

    @Override
    List<PendingRequest> all() {
        return new ArrayList<>(waiting);
    }

    @Override
    void clear() {
        waiting.clear();
    }

    @Override
    int count() {
        return waiting.size();
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    @Nullable
    CloseReason overdue(PendingRequest request, long nowNanos) {
        if (limit == 1) {
            return CloseReason.of(Kind.TIMEOUT, "the reply did not come in time, and no other can be told from it");
        }
        if (request == waiting.peekFirst() && patienceNanos(request, nowNanos) <= 0) {
            return CloseReason.of(Kind.TIMEOUT, "a reply is missing for two timeouts, so the order is lost");
        }
        long tombstones = waiting.stream().filter(PendingRequest::isAbandoned).count();
        return tombstones <= TOMBSTONE_LIMIT
                ? null
                : CloseReason.of(Kind.TIMEOUT, tombstones + " replies are overdue; the limit is " + TOMBSTONE_LIMIT);
    }

    /** Returns how long the first in line, a tombstone, may still be waited for: one timeout from when it was due. */
    private long patienceNanos(PendingRequest first, long nowNanos) {
        long sinceDeadline = -first.nanosLeft(nowNanos);
        long sinceDue = tombstoneMovedUp ? Math.min(sinceDeadline, nowNanos - movedUpNanos) : sinceDeadline;
        return first.timeoutNanos() - sinceDue;
    }

    @Override
    long nextCheckNanos(PendingRequest request, long nowNanos) {
        if (!request.isAbandoned()) {
            return request.nanosLeft(nowNanos);
        }
        return request == waiting.peekFirst() ? patienceNanos(request, nowNanos) : request.timeoutNanos();
    }
}
