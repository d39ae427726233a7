package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolStats;
import io.millrace.core.CloseReason;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of a client and the claims to them.
 *
 * <p>Threading: Thread-safe.
 */
public final class ConnectionPool {
    /*
     * 1. Requests that share connections find one without a lock, in `ready`. Everything else goes through `lock`.
     * 2. After every event (a claim, a connection that opened, failed, came back, drains or is lost, a time that has
     *    come) plan() looks at the whole and decides what follows: whom to serve, what to open, whom to refuse. No event
     *    has a wake-up of its own that could be lost: one look by plan() puts everything right.
     * 3. Permits are not counted but seen: as many as there are connections and attempts in the slots' lists. There is
     *    nothing that could be released twice or never.
     * 4. One thread plans at a time, and does what it has decided outside the lock; who comes meanwhile leaves a note
     *    (`planAgain`). So claims are served in their order, and no hand-over recurses into the next.
     * 5. A claim is settled by whoever takes it out of `claims`, under the lock: a deadline and a connection that come
     *    in the same moment cannot both have it.
     * 6. `ready` is empty while claims wait that could use what is in it, so that nobody overtakes them.
     *
     * Application code runs on I/O threads, by `runtime.execute`, and never in the middle of planning.
     */
    private static final CloseReason IDLE = CloseReason.of(CloseReason.Kind.LOCAL, "idle in the pool");
    private static final CloseReason EVICTED =
            CloseReason.of(CloseReason.Kind.LOCAL, "another endpoint needed the connection");

    private static final Logger log = LoggerFactory.getLogger(ConnectionPool.class);

    private final IoRuntime runtime;
    private final PoolPlan plan;
    private final Attempt.Opening opening;
    private final StateNews news;
    private final PoolCounts counts = new PoolCounts();
    private final ReentrantLock lock = new ReentrantLock();
    private final Deadline tick = new Deadline() {
        @Override
        protected void expired() {
            runtime.execute(ConnectionPool.this::plan);
        }
    };

    // Written under lock, read without.
    private volatile Ready ready = Ready.NONE;
    private volatile boolean closed;
    // Guarded by lock.
    private final Slots slots;
    private final Growth growth;
    private final Directory directory;
    private final Claims claims = new Claims();
    private boolean planning;
    private boolean planAgain;

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
        this.news = new StateNews(runtime, plan.listener());
        this.slots = new Slots(plan, counts);
        this.growth = new Growth(
                plan, slots, counts, this::newAttempt, runtime.deadlines().nanoTime());
        this.directory = new Directory(runtime.deadlines(), plan.endpoints(), this);
    }

    boolean sharesConnections() {
        return plan.sharesConnections();
    }

    /** {@return how the client stands with its endpoints} */
    public ClientState state() {
        return news.state();
    }

    /** {@return what is known of each endpoint} */
    public List<EndpointStats> endpointStats() {
        lock.lock();
        try {
            return slots.endpointStats(runtime.deadlines().nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** {@return the counters} */
    public PoolStats stats() {
        lock.lock();
        try {
            return counts.snapshot(slots, claims);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns a connection that is there, for one request.
     *
     * @return the connection, or null if one has to be claimed
     */
    public @Nullable PooledSession tryClaim() {
        return plan.sharesConnections() ? shared() : leased();
    }

    private @Nullable PooledSession shared() {
        Ready now = ready;
        if (now.size() == 0) {
            return null;
        }
        int index = now.size() == 1 ? 0 : plan.pick(now);
        PooledSession session = now.leastBusy(index);
        if (session == null) {
            want(now.slot(index));
            session = now.leastBusy();
        } else if (session.pending() >= plan.config().requestsPerConnection()) {
            want(now.slot(index));
        }
        if (session != null) {
            counts.reused.increment();
        }
        return session;
    }

    private @Nullable PooledSession leased() {
        PooledSession session;
        lock.lock();
        try {
            boolean inLine = planning || closed || claims.size(true) > 0;
            session = inLine ? null : slots.lend(false, runtime.deadlines().nanoTime());
            if (session != null) {
                counts.reused.increment();
            }
            if (inLine || !slots.isAnyWanted()) {
                return session;
            }
        } finally {
            lock.unlock();
        }
        plan();
        return session;
    }

    private void want(EndpointSlot slot) {
        lock.lock();
        try {
            if (slot.wanted
                    || !slot.attempts.isEmpty()
                    || !slots.mayOpen(slot, runtime.deadlines().nanoTime())) {
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
        if (plan.sharesConnections()) {
            Ready now = ready;
            if (now.size() > 0) {
                return now.requestsInFlight();
            }
        }
        lock.lock();
        try {
            return slots.requestsInFlight() + claims.size();
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
        if (closed) {
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
            refused = closed
                    ? PoolFailures.closed()
                    : growth.refusal(claims, claim, runtime.deadlines().nanoTime());
            if (refused == null) {
                claims.add(claim, needsItsOwn(claim));
                claim.waitIn(this, waitNanos);
                runtime.deadlines().arm(claim, waitNanos);
                planAgain = true;
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

    private boolean needsItsOwn(Claim claim) {
        return claim.isExclusive() || !plan.sharesConnections();
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
            waited = claims.remove(claim);
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
            if (!claims.remove(claim)) {
                return;
            }
            counts.timedOut++;
            failure = PoolFailures.waitedTooLong(plan, claim.timeoutNanos(), slots);
        } finally {
            lock.unlock();
        }
        runtime.execute(() -> claim.failed(failure));
    }

    /**
     * Gives a lent connection back.
     *
     * @param session the connection; does nothing if it is not lent any more
     */
    public void giveBack(PooledSession session) {
        lock.lock();
        try {
            if (!slots.takeBack(session, runtime.deadlines().nanoTime())) {
                return;
            }
            if (claims.isEmpty() && !plan.sharesConnections() && !planning) {
                return;
            }
        } finally {
            lock.unlock();
        }
        plan();
    }

    /** Hears that a connection takes no new requests. */
    void retire(PooledSession session) {
        change(() -> slots.gone(session, runtime.deadlines().nanoTime()));
    }

    /** Hears that a connection has ended. */
    void ended(PooledSession session) {
        change(() -> slots.gone(session, runtime.deadlines().nanoTime()));
    }

    /** Hears that requests have not been answered in time. */
    void unanswered(PooledSession session, int inARow) {
        change(() -> slots.unanswered(session, inARow, runtime.deadlines().nanoTime()));
    }

    /**
     * Sets where connections go from now on. Those to other endpoints finish what is in flight and end.
     *
     * @param endpoints all of them, in their order
     */
    void endpoints(List<Endpoint> endpoints) {
        List<PooledSession> leaving;
        lock.lock();
        try {
            leaving = slots.replace(endpoints);
        } finally {
            lock.unlock();
        }
        leaving.forEach(session -> session.session().drain(IDLE));
        plan();
    }

    /** Hears that the endpoints cannot be known now. */
    void endpointsUnknown(TransportException cause) {
        change(() -> slots.endpointsUnknown(cause));
    }

    /** Connects what shall always be connected. */
    public void start() {
        if (plan.endpoints().isFixed()) {
            try {
                endpoints(plan.endpoints().endpoints());
            } catch (IOException unknown) {
                endpointsUnknown(PoolFailures.unwrap(unknown));
            }
        } else {
            directory.refresh();
        }
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
            return slots.inTurn(runtime.deadlines().nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** Tries again at once whatever has failed, also if the client had given up. */
    public void reconnect() {
        change(slots::forgive);
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
            closed = true;
            ready = Ready.NONE;
            waiting = claims.removeAll();
        } finally {
            lock.unlock();
        }
        runtime.deadlines().cancel(tick);
        directory.close();
        for (Claim claim : waiting) {
            runtime.deadlines().cancel(claim);
            runtime.execute(() -> claim.failed(PoolFailures.closed()));
        }
        plan();
    }

    /** Puts everything right: see above. */
    void plan() {
        while (true) {
            Work work = new Work();
            lock.lock();
            try {
                if (planning) {
                    planAgain = true;
                    return;
                }
                planning = true;
                planAgain = false;
                decide(work);
            } finally {
                lock.unlock();
            }
            boolean again;
            try {
                perform(work);
            } finally {
                lock.lock();
                try {
                    planning = false;
                    again = planAgain || !work.isEmpty();
                    if (!again) {
                        ready = closed || claims.size(false) > 0
                                ? Ready.NONE
                                : slots.ready(runtime.deadlines().nanoTime());
                    }
                } finally {
                    lock.unlock();
                }
            }
            if (!again) {
                return;
            }
        }
    }

    /** Guarded by lock. */
    private void decide(Work work) {
        long now = runtime.deadlines().nanoTime();
        if (claims.size(false) > 0) {
            ready = Ready.NONE;
        }
        if (!closed) {
            serve(work, now);
            growth.open(claims, work, now);
            growth.retireIdle(work, now);
            if (slots.wantsDirectory() && directory.refresh()) {
                slots.directoryAsked();
            }
            TransportException down = directory.isAsking() && slots.all().isEmpty() ? null : growth.whyDown(claims);
            if (down != null) {
                claims.removeAll().forEach(claim -> work.refusals.add(new Work.Refusal(claim, down)));
            }
            long nextLook = Math.min(growth.nextLookNanos(claims, now), nextAskNanos());
            if (nextLook != Long.MAX_VALUE) {
                runtime.deadlines().arm(tick, nextLook);
            }
        }
        news.set(closed ? ClientState.CLOSED : slots.state(now), slots.lastFailure());
    }

    /** Guarded by lock. */
    private long nextAskNanos() {
        boolean needed =
                slots.all().isEmpty() ? !claims.isEmpty() || plan.config().minIdle() > 0 : slots.wantsDirectory();
        return needed ? directory.nextAskNanos() : Long.MAX_VALUE;
    }

    private Attempt newAttempt(EndpointSlot slot) {
        return new Attempt(runtime, new PooledSession(this, slot), plan.connectNanos());
    }

    /** Guarded by lock. */
    private void serve(Work work, long now) {
        Claim claim;
        while ((claim = claims.first(true)) != null) {
            PooledSession session = slots.lend(claim.isExclusive(), now);
            if (session == null) {
                break;
            }
            handOver(claim, session, work);
        }
        while ((claim = claims.first(false)) != null) {
            PooledSession session = slots.share(now);
            if (session == null) {
                break;
            }
            handOver(claim, session, work);
        }
    }

    private void handOver(Claim claim, PooledSession session, Work work) {
        claims.remove(claim);
        work.handOvers.add(new Work.HandOver(claim, session, counts.use(session, claim.hasWaited())));
    }

    private void perform(Work work) {
        for (Work.HandOver handOver : work.handOvers) {
            runtime.deadlines().cancel(handOver.claim());
            if (handOver.claim().isExclusive()) {
                runtime.execute(() -> handOver(handOver));
            } else {
                handOver(handOver);
            }
        }
        for (Work.Refusal refusal : work.refusals) {
            runtime.deadlines().cancel(refusal.claim());
            runtime.execute(() -> refusal.claim().failed(refusal.failure()));
        }
        work.evictions.forEach(session -> session.session().drain(EVICTED));
        work.displaced.forEach(Attempt::giveUp);
        work.attempts.forEach(this::start);
    }

    private void handOver(Work.HandOver handOver) {
        try {
            handOver.claim().acquired(handOver.session(), handOver.use());
        } catch (Throwable broken) {
            log.error("connection could not be handed over; {}", handOver.session(), broken);
            handOver.session().session().abort();
        }
    }

    private void start(Attempt attempt) {
        attempt.start(opening).whenComplete((session, failure) -> {
            long now = runtime.deadlines().nanoTime();
            if (session != null) {
                change(() -> slots.opened(attempt, session, now));
            } else {
                change(() -> slots.failed(attempt, PoolFailures.unwrap(failure), now));
            }
        });
    }
}
