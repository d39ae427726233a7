package io.millrace.client.internal.pool;

import java.util.function.Function;

/** What a pool knows and decides with. All of it is guarded by the pool's lock, but for what says otherwise. */
final class PoolState {
    final PoolCounts counts = new PoolCounts();
    /** Thread-safe. */
    final StateNews news;

    final Claims claims = new Claims();
    final Slots slots;
    final Growth growth;
    final Lending lending;
    /** Written under the lock, read without. */
    volatile boolean closed;

    PoolState(PoolPlan plan, StateNews news, Function<EndpointSlot, Attempt> newAttempt, long nowNanos) {
        this.news = news;
        this.slots = new Slots(plan, counts);
        this.growth = new Growth(plan, slots, counts, newAttempt, nowNanos);
        this.lending = new Lending(plan, slots, claims, counts);
    }
}
