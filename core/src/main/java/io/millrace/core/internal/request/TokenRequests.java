package io.millrace.core.internal.request;

import io.millrace.core.CloseReason;
import io.millrace.core.ReplyHandler;
import io.millrace.core.engine.Deadlines;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests whose replies carry their tokens, and may come in any order. */
final class TokenRequests extends RequestTable {
    /*
     * An open-addressing map from token to request, at most half full, probed linearly; removal moves followers up, so
     * there are no tombstones to clean. Nothing is allocated once the table has its size.
     *
     * Tokens are consecutive, so they are scattered first: side by side they would be one row without a gap, and a
     * removal looks at all that follow up to the next gap.
     */

    /** An odd number near 2^64 divided by the golden ratio: consecutive multiples lie far apart. */
    private static final long SCATTER = 0x9E37_79B9_7F4A_7C15L;

    private static final int FIRST_CAPACITY = 16;

    // Guarded by this.
    private @Nullable PendingRequest[] places = new @Nullable PendingRequest[FIRST_CAPACITY];
    private int count;
    private long lastToken;

    TokenRequests(Deadlines deadlines, Requester requester, long firstToken) {
        super(deadlines, requester);
        this.lastToken = firstToken - 1;
    }

    @Override
    long nextToken() {
        lastToken++;
        return lastToken;
    }

    @Override
    public boolean isInOrder() {
        return false;
    }

    @Override
    void put(PendingRequest request) {
        if (2 * (count + 1) > places.length) {
            grow();
        }
        places[freePlace(request.token())] = request;
        count++;
    }

    private void grow() {
        @Nullable PendingRequest[] old = places;
        places = new @Nullable PendingRequest[2 * old.length];
        for (PendingRequest request : old) {
            if (request != null) {
                places[freePlace(request.token())] = request;
            }
        }
    }

    private int freePlace(long token) {
        int place = home(token);
        while (places[place] != null) {
            place = next(place);
        }
        return place;
    }

    @Override
    @Nullable
    PendingRequest take(long token) {
        int place = placeOf(token);
        PendingRequest request = places[place];
        if (request != null) {
            remove(place);
        }
        return request;
    }

    @Override
    boolean tryForget(long token, ReplyHandler waiting) {
        PendingRequest request = places[placeOf(token)];
        boolean found = request != null && request.isWaitedForBy(waiting);
        if (found) {
            take(token);
            request.abandon();
            recycle(request);
        }
        return found;
    }

    /** Returns where a token is, or an empty place if it is nowhere. */
    private int placeOf(long token) {
        int place = home(token);
        PendingRequest request;
        while ((request = places[place]) != null && request.token() != token) {
            place = next(place);
        }
        return place;
    }

    /** Empties a place and moves up whatever was displaced past it. */
    private void remove(int emptied) {
        int hole = emptied;
        int place = next(hole);
        PendingRequest request;
        while ((request = places[place]) != null) {
            // May move up if its home is not between the hole and where it is.
            if (((place - home(request.token())) & (places.length - 1)) >= ((place - hole) & (places.length - 1))) {
                places[hole] = request;
                hole = place;
            }
            place = next(place);
        }
        places[hole] = null;
        count--;
    }

    private int home(long token) {
        return (int) ((token * SCATTER) >>> Integer.SIZE) & (places.length - 1);
    }

    private int next(int place) {
        return (place + 1) & (places.length - 1);
    }

    @Override
    List<PendingRequest> all() {
        List<PendingRequest> list = new ArrayList<>(count);
        for (PendingRequest request : places) {
            if (request != null) {
                list.add(request);
            }
        }
        return list;
    }

    @Override
    void clear() {
        places = new @Nullable PendingRequest[FIRST_CAPACITY];
        count = 0;
    }

    @Override
    int count() {
        return count;
    }

    @Override
    public int limit() {
        return IN_FLIGHT_LIMIT;
    }

    @Override
    @Nullable
    CloseReason overdue(PendingRequest request, long nowNanos) {
        // Its token is forgotten: if a reply comes after all, it is dropped and counted.
        take(request.token());
        recycle(request);
        return null;
    }

    @Override
    long nextCheckNanos(PendingRequest request, long nowNanos) {
        return request.isAbandoned() ? Long.MAX_VALUE : request.nanosLeft(nowNanos);
    }
}
