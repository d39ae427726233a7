package io.millrace.client.internal.pool;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The connections that requests share, found without a lock. */
final class SharedSessions {
    private final PoolPlan plan;
    private final PoolCounts counts;
    private final Consumer<EndpointSlot> wants;

    // Written under the pool's lock, read without.
    private volatile Ready ready = Ready.NONE;

    /**
     * Makes it.
     *
     * @param wants hears that another connection to an endpoint would be used
     */
    SharedSessions(PoolPlan plan, PoolCounts counts, Consumer<EndpointSlot> wants) {
        this.plan = plan;
        this.counts = counts;
        this.wants = wants;
    }

    Ready ready() {
        return ready;
    }

    void set(Ready newReady) {
        ready = newReady;
    }

    /** Returns a connection for one request in one look, or null if {@link #pick} has to look more closely. */
    @Nullable
    PooledSession pickAtOnce() {
        PooledSession session =
                ready.leastBusyBelow(plan.config().maxRequests(), plan.config().requestsPerConnection());
        if (session != null) {
            counts.reused.increment();
        }
        return session;
    }

    /** Returns a connection for one request, or null if one has to be claimed. */
    @Nullable
    PooledSession pick() {
        Ready now = ready;
        if (now.size() == 0) {
            return null;
        }
        int index = now.size() == 1 ? 0 : plan.pick(now);
        PooledSession session = now.leastBusy(index);
        boolean more = session == null || session.pending() >= plan.config().requestsPerConnection();
        if (more && now.mayGrow(index)) {
            wants.accept(now.slot(index));
        }
        if (session == null) {
            session = now.leastBusy();
        }
        if (session != null) {
            counts.reused.increment();
        }
        return session;
    }
}
