package io.millrace.client.internal.pool;

import io.millrace.client.pool.ClientState;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;

/** Looks at the whole of a pool and decides what follows. Guarded by the pool. */
final class Decisions implements Planner.Rounds {
    private final ConnectionPool pool;
    private final IoRuntime runtime;
    private final PoolState state;
    private final SharedSessions shared;
    private final Directory directory;
    /** Expires when something may have to be decided again. */
    private final Deadline nextLook = new Deadline() {
        @Override
        protected void expired() {
            runtime.execute(pool::plan);
        }
    };

    Decisions(ConnectionPool pool, IoRuntime runtime, PoolState state, SharedSessions shared, Directory directory) {
        this.pool = pool;
        this.runtime = runtime;
        this.state = state;
        this.shared = shared;
        this.directory = directory;
    }

    @Override
    public void decide(Work work) {
        long now = nanoTime();
        if (!state.closed) {
            decide(work, now);
        }
        state.news.set(state.closed ? ClientState.CLOSED : state.slots.state(now), state.slots.lastFailure());
    }

    private void decide(Work work, long now) {
        if (state.claims.size(false) > 0) {
            publish();
        }
        boolean changed = state.lending.release();
        changed |= state.lending.serve(work, now);
        state.growth.open(state.claims, work, now);
        changed |= state.lending.reserve(work, state.growth.freshAttempts(now), now);
        if (changed) {
            publish();
        }
        state.growth.retireIdle(work, now);
        state.slots.takeLeaving().forEach(session -> work.evictions.add(new Work.Eviction(session, Work.REMOVED)));
        if (state.slots.wantsDirectory() && directory.refresh()) {
            state.slots.directoryAsked();
        }
        if (!directory.isAsking() || !state.slots.all().isEmpty()) {
            state.growth.refuse(state.claims, work, now);
        }
        long nextLookNanos = Math.min(state.growth.nextLookNanos(state.claims, now), nextAskNanos());
        if (nextLookNanos != Long.MAX_VALUE) {
            runtime.deadlines().arm(nextLook, nextLookNanos);
        }
    }

    private long nextAskNanos() {
        boolean needed = state.slots.all().isEmpty()
                ? !state.claims.isEmpty() || state.growth.keepsConnections()
                : state.slots.wantsDirectory();
        return needed ? directory.nextAskNanos() : Long.MAX_VALUE;
    }

    /** Shows requests what they may use without waiting. */
    private void publish() {
        boolean none = state.closed || state.claims.size(false) > 0;
        shared.set(none ? Ready.NONE : state.slots.ready(nanoTime()));
    }

    @Override
    public void perform(Work work) {
        work.perform(runtime, pool::start);
    }

    @Override
    public void settled() {
        publish();
    }

    void stop() {
        runtime.deadlines().cancel(nextLook);
    }

    private long nanoTime() {
        return runtime.deadlines().nanoTime();
    }
}
