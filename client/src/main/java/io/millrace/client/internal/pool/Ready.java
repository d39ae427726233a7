package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where requests can go, as it was when the pool last changed. Immutable, so that picking takes no lock. */
final class Ready implements EndpointPicker.Candidates {
    static final Ready NONE = new Ready(new EndpointSlot[0], new PooledSession[0][], new boolean[0]);

    private final EndpointSlot[] slots;
    private final PooledSession[][] sessions;
    private final boolean[] mayGrow;

    /**
     * Makes it.
     *
     * @param slots the endpoints that can be picked
     * @param sessions for each of them its shared connections; none if one would have to be opened
     * @param mayGrow for each of them whether another connection could be opened
     */
    Ready(EndpointSlot[] slots, PooledSession[][] sessions, boolean[] mayGrow) {
        this.slots = slots;
        this.sessions = sessions;
        this.mayGrow = mayGrow;
    }

    /** Returns a view of endpoints to each of which a connection may be opened. */
    static Ready of(List<EndpointSlot> slots) {
        PooledSession[][] sessions = new PooledSession[slots.size()][];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = slots.get(i).sessions().toArray(PooledSession[]::new);
        }
        return new Ready(slots.toArray(EndpointSlot[]::new), sessions, new boolean[sessions.length]);
    }

    EndpointSlot slot(int index) {
        return slots[index];
    }

    /** Returns whether it is worth asking for another connection to an endpoint. */
    boolean mayGrow(int index) {
        return mayGrow[index];
    }

    /** Returns the connection to an endpoint that has the fewest requests in flight, or null if there is none. */
    @Nullable
    PooledSession leastBusy(int index) {
        PooledSession best = null;
        int fewest = Integer.MAX_VALUE;
        for (PooledSession session : sessions[index]) {
            int pending = session.pending();
            if (pending < fewest) {
                best = session;
                fewest = pending;
            }
        }
        return best;
    }

    /** Returns the connection to any endpoint that has the fewest requests in flight, or null if there is none. */
    @Nullable
    PooledSession leastBusy() {
        PooledSession best = null;
        for (int i = 0; i < slots.length; i++) {
            PooledSession session = leastBusy(i);
            if (session != null && (best == null || session.pending() < best.pending())) {
                best = session;
            }
        }
        return best;
    }

    /**
     * Returns the connection that has the fewest requests in flight, if it is clear that the next one goes there:
     * there is one endpoint, not too much is in flight, and no further connection is wanted. Found in one pass,
     * because every request pays for it.
     *
     * @param maxRequests fewer than this must be in flight over all connections
     * @param requestsPerConnection fewer than this must be in flight on that one, unless no other may be opened
     * @return the connection, or null if there is none, or it is not clear
     */
    @Nullable
    PooledSession leastBusyBelow(int maxRequests, int requestsPerConnection) {
        if (slots.length != 1) {
            return null;
        }
        PooledSession best = null;
        int fewest = Integer.MAX_VALUE;
        int sum = 0;
        for (PooledSession session : sessions[0]) {
            int pending = session.pending();
            sum += pending;
            if (pending < fewest) {
                best = session;
                fewest = pending;
            }
        }
        return sum < maxRequests && (fewest < requestsPerConnection || !mayGrow[0]) ? best : null;
    }

    int requestsInFlight() {
        int sum = 0;
        for (int i = 0; i < slots.length; i++) {
            sum += requestsInFlight(i);
        }
        return sum;
    }

    @Override
    public int size() {
        return slots.length;
    }

    @Override
    public Endpoint endpoint(int index) {
        return slots[index].endpoint();
    }

    @Override
    public int requestsInFlight(int index) {
        int sum = 0;
        for (PooledSession session : sessions[index]) {
            sum += session.pending();
        }
        return sum;
    }

    @Override
    public int connections(int index) {
        return sessions[index].length;
    }
}
