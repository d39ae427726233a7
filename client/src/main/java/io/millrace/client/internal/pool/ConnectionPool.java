package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolStats;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a client and the claims to them.
 *
 * <p>Threading: Thread-safe.
 */
public final class ConnectionPool {
    /*
     * 1. Requests that share connections find one without a lock, in `shared`. Everything else goes through `lock`.
     * 2. After every event (a claim, a connection that opened, failed, came back, drains or is lost, a time that has
     *    come) plan() looks at the whole and decides what follows: whom to serve, what to open, whom to refuse. No event
     *    has a wake-up of its own that could be lost: one look by plan() puts everything right.
     * 3. Permits are not counted but seen: as many as there are connections and attempts in the slots' lists. There is
     *    nothing that could be released twice or never.
     * 4. One thread plans at a time, and does what it has decided outside the lock; who comes meanwhile leaves a note
     *    (see Planner). So claims are served in their order, and no hand-over recurses into the next.
     * 5. A claim is settled by whoever takes it out of `claims`, under the lock: a deadline and a connection that come
     *    in the same moment cannot both have it.
     * 6. `shared` is empty while claims wait that could use what is in it, so that nobody overtakes them.
     *
     * Application code runs on I/O threads, by `runtime.execute`, and never in the middle of planning; but for pickers,
     * which must not block.
     */
    private final IoRuntime runtime;
    private final PoolPlan plan;
    private final Attempt.Opening opening;
    private final PoolCounts counts;
    private final ReentrantLock lock = new ReentrantLock();
    private final SharedSessions shared;
    private final Planner planner;
    private final Leaks leaks;
    private final Directory directory;
    private final Enquiry enquiry;
    // Guarded by lock, but for what says otherwise.
    private final PoolState state;
    private final Decisions decisions;

    /**
     * Makes a pool without connections.
     *
     * @param runtime the group
     * @param plan how it behaves
     * @param opening how connections are opened
     */
    public ConnectionPool(IoRuntime runtime, PoolPlan plan, Attempt.Opening opening) {
        this.runtime = runtime;
        this.plan = plan;
        this.opening = opening;
        this.state = new PoolState(
                plan,
                new StateNews(runtime, plan.listener()),
                slot -> new Attempt(runtime, new PooledSession(this, slot), plan.connectNanos()),
                runtime.deadlines().nanoTime());
        this.counts = state.counts;
        this.shared = new SharedSessions(plan, counts, this::want);
        this.leaks = new Leaks(runtime, plan.leakNanos(), counts);
        this.enquiry = new Enquiry(plan.endpoints());
        this.directory = new Directory(runtime.deadlines(), plan.endpoints(), this);
        this.decisions = new Decisions(this, runtime, state, shared, directory);
        this.planner = new Planner(lock, decisions);
    }

    boolean sharesConnections() {
        return plan.sharesConnections();
    }

    /** {@return how the client stands with its endpoints} */
    public ClientState state() {
        return state.news.state();
    }

    /** {@return what is known of each endpoint} */
    public List<EndpointStats> endpointStats() {
        lock.lock();
        try {
            return state.slots.endpointStats(nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the counters} */
    public PoolStats stats() {
        lock.lock();
        try {
            return counts.snapshot(state.slots, state.claims);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns a connection for one request, if one is there and it is clear that the request may be begun.
     *
     * @return the connection, or null if {@link #refusal} and {@link #tryClaim} have to be asked
     */
    public @Nullable PooledSession tryClaimAtOnce() {
        return plan.sharesConnections() ? shared.pickAtOnce() : null;
    }

    /**
     * Returns a connection that is there, for one request.
     *
     * @return the connection, or null if one has to be claimed
     */
    public @Nullable PooledSession tryClaim() {
        return plan.sharesConnections() ? shared.pick() : leased();
    }

    private @Nullable PooledSession leased() {
        PooledSession session;
        lock.lock();
        try {
            session = mayOvertake() ? state.lending.lend(nanoTime()) : null;
            if (session != null) {
                counts.reused.increment();
            }
            if (!state.slots.isAnyWanted()) {
                return session;
            }
        } finally {
            lock.unlock();
        }
        plan();
        return session;
    }

    /** Returns whether a connection may be lent without waiting in line. Guarded by lock. */
    private boolean mayOvertake() {
        return !state.closed && state.claims.isEmpty() && !planner.isPlanning();
    }

    /**
     * Lends a connection for as long as the caller likes.
     *
     * @param timeoutNanos how long to wait for one at most, in nanoseconds
     * @return completes on an I/O thread, or at once if the borrower is refused; see {@code TcpClient.borrow}
     */
    public CompletableFuture<Borrowed> borrow(long timeoutNanos) {
        return new Borrowing(this, leaks).start(timeoutNanos);
    }

    private void want(EndpointSlot slot) {
        lock.lock();
        try {
            if (slot.wanted || !slot.attempts.isEmpty() || !state.slots.mayOpen(slot, nanoTime())) {
                return;
            }
            slot.wanted = true;
        } finally {
            lock.unlock();
        }
        plan();
    }

    /**
     * Returns how many requests are in progress.
     *
     * @return those that wait for replies, and those that wait for a connection
     */
    public int requestsInProgress() {
        Ready now = shared.ready();
        if (plan.sharesConnections() && now.size() > 0) {
            return now.requestsInFlight();
        }
        lock.lock();
        try {
            return state.slots.requestsInFlight() + state.claims.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns whether a request has to be refused before it has a connection.
     *
     * @return why, or null if it may be begun
     */
    public @Nullable TransportException refusal() {
        if (state.closed) {
            return PoolFailures.closed();
        }
        if (requestsInProgress() < plan.config().maxRequests()) {
            return null;
        }
        counts.tooManyRequests.increment();
        return PoolFailures.tooManyRequests(plan);
    }

    /**
     * Waits for a connection.
     *
     * @param claim who wants it
     * @param timeoutNanos how long to wait at most, in nanoseconds
     */
    public void claim(Claim claim, long timeoutNanos) {
        long waitNanos = Math.min(timeoutNanos, plan.acquireNanos());
        TransportException refused;
        lock.lock();
        try {
            refused = state.closed ? PoolFailures.closed() : state.growth.refusal(state.claims, claim, nanoTime());
            if (refused == null) {
                state.claims.add(claim, claim.isExclusive() || !plan.sharesConnections());
                claim.waitIn(this, waitNanos, state.slots.failures());
                runtime.deadlines().arm(claim, waitNanos);
            }
        } finally {
            lock.unlock();
        }
        if (refused != null) {
            claim.failed(refused);
        } else {
            plan();
        }
    }

    /**
     * Takes a claim back.
     *
     * @param claim who does not want a connection any more
     * @return false if it has been settled, or is about to be
     */
    public boolean withdraw(Claim claim) {
        boolean waited;
        lock.lock();
        try {
            waited = state.claims.remove(claim);
        } finally {
            lock.unlock();
        }
        runtime.deadlines().cancel(claim);
        return waited;
    }

    /** On the timer thread. */
    void expired(Claim claim) {
        TransportException failure;
        lock.lock();
        try {
            if (!state.claims.remove(claim)) {
                return;
            }
            counts.timedOut++;
            failure = PoolFailures.waitedTooLong(plan, claim.timeoutNanos(), state.slots);
        } finally {
            lock.unlock();
        }
        runtime.execute(() -> claim.failed(failure));
    }

    /**
     * Gives a connection back that was acquired for requests.
     *
     * @param session the connection; does nothing if requests share it, or if it is not lent any more
     */
    public void giveBack(PooledSession session) {
        if (!plan.sharesConnections()) {
            takeBack(session);
        }
    }

    /** Takes back what was lent; does nothing if it is gone. */
    void takeBack(PooledSession session) {
        lock.lock();
        try {
            if (!state.lending.takeBack(session, nanoTime())) {
                return;
            }
            if (state.claims.isEmpty() && !plan.sharesConnections() && !planner.isPlanning()) {
                return;
            }
        } finally {
            lock.unlock();
        }
        plan();
    }

    /** Hears that a connection takes no new requests, or has ended. */
    void retire(PooledSession session) {
        change(() -> state.slots.gone(session, nanoTime()));
    }

    /** Hears that requests have not been answered in time. */
    void unanswered(PooledSession session, int inARow) {
        change(() -> state.slots.unanswered(session, inARow, nanoTime()));
    }

    /**
     * Sets where connections go from now on. Those to other endpoints finish what is in flight and end.
     *
     * @param endpoints all of them, in their order
     */
    void endpoints(List<Endpoint> endpoints) {
        change(() -> state.slots.replace(endpoints));
    }

    /** Hears that the endpoints cannot be known now. */
    void endpointsUnknown(TransportException cause) {
        change(() -> state.slots.endpointsUnknown(cause));
    }

    /** Connects what shall always be connected. */
    public void start() {
        directory.start();
    }

    /**
     * Returns the endpoints in the order in which a connection outside of the pool tries them.
     *
     * @return the picked one first, then the others; those that are left alone after a failure last. Empty if none is
     *     known yet
     */
    public List<Endpoint> endpointsInTurn() {
        lock.lock();
        try {
            return state.slots.inTurn(nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** {@return whom a connection outside of the pool asks if no endpoint is known yet} */
    public Enquiry enquiry() {
        return enquiry;
    }

    /** Tries again at once whatever has failed, also if the client had given up. */
    public void reconnect() {
        change(state.slots::forgive);
    }

    private void change(Runnable event) {
        lock.lock();
        try {
            event.run();
        } finally {
            lock.unlock();
        }
        plan();
    }

    /** Refuses all who wait, and everyone from now on. The sessions are not closed here. */
    public void close() {
        List<Claim> waiting;
        lock.lock();
        try {
            state.closed = true;
            shared.set(Ready.NONE);
            waiting = state.claims.removeAll();
        } finally {
            lock.unlock();
        }
        decisions.stop();
        directory.close();
        enquiry.close();
        for (Claim claim : waiting) {
            runtime.deadlines().cancel(claim);
            runtime.execute(() -> claim.failed(PoolFailures.closed()));
        }
        plan();
    }

    boolean isClosed() {
        return state.closed;
    }

    /** Puts everything right: see above. */
    void plan() {
        planner.plan();
    }

    private long nanoTime() {
        return runtime.deadlines().nanoTime();
    }

    /** Makes a connection, outside the lock. */
    void start(Attempt attempt) {
        attempt.start(opening).whenComplete((session, failure) -> {
            long now = nanoTime();
            if (session != null) {
                change(() -> state.slots.opened(attempt, session, now));
            } else {
                change(() -> state.slots.failed(attempt, PoolFailures.unwrap(failure), now));
            }
        });
    }
}
