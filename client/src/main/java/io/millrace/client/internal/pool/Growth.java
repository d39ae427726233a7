package io.millrace.client.internal.pool;

import io.millrace.core.TransportException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Decides which connections to open and which to do without. Guarded by the pool. */
final class Growth {
    private static final int MOST_DOUBLINGS = 10;

    private final PoolPlan plan;
    private final Slots slots;
    private final PoolCounts counts;
    private final Function<EndpointSlot, Attempt> newAttempt;
    private long lastSweepNanos;

    Growth(PoolPlan plan, Slots slots, PoolCounts counts, Function<EndpointSlot, Attempt> newAttempt, long nowNanos) {
        this.plan = plan;
        this.slots = slots;
        this.counts = counts;
        this.newAttempt = newAttempt;
        this.lastSweepNanos = nowNanos;
    }

    /** Returns why a claim cannot wait, or null if it can. */
    @Nullable
    TransportException refusal(Claims claims, Claim claim, long nowNanos) {
        if (slots.hasGivenUp()) {
            return PoolFailures.gaveUp(slots);
        }
        if (!plan.waitsWhileDown() && slots.isDownForLong(nowNanos)) {
            return PoolFailures.down(slots, nowNanos);
        }
        if (!claims.isEmpty() && claims.bytes() + claim.bytes() > plan.waitingLimitBytes()) {
            return PoolFailures.tooMuchWaits(plan, claims.bytes());
        }
        boolean sharesWhatComes = plan.sharesConnections() && !claim.isExclusive();
        if (sharesWhatComes && (slots.usable() > 0 || slots.attempts() > 0)) {
            return null;
        }
        // Who gets a connection that is there, or is being made or may be, waits for nobody else.
        int atMost = Math.min(
                plan.config().maxConnections(),
                plan.config().maxConnectionsPerEndpoint() * slots.all().size());
        int spare = Math.max(0, atMost - slots.taken());
        if (claims.size() < spare + plan.config().maxWaiting()) {
            return null;
        }
        counts.exhausted++;
        return PoolFailures.exhausted(plan, claims.size());
    }

    /** Opens what claims wait for, what is wanted besides, and what shall always be there. */
    void open(Claims claims, Work work, long nowNanos) {
        int missing = missing(claims) - freshAttempts(nowNanos);
        while (missing-- > 0) {
            EndpointSlot slot = pickToOpen(nowNanos);
            if (slot == null) {
                break;
            }
            open(slot, work, nowNanos, true);
        }
        for (EndpointSlot slot : slots.all()) {
            int lacking = slot.wanted && slot.attempts.isEmpty() ? lacking(slot) : 0;
            while (lacking-- > 0 && open(slot, work, nowNanos, false)) {
                // One by one, as long as there are permits.
            }
            slot.wanted = false;
            int idle = slot.free.size() + slot.attempts.size();
            while (idle++ < plan.config().minIdle() && open(slot, work, nowNanos, false)) {
                // One by one, as long as there are permits.
            }
        }
    }

    /** Returns how many more connections the requests in flight call for, though never more than there are already. */
    private int lacking(EndpointSlot slot) {
        int perConnection = plan.config().requestsPerConnection();
        int calledFor = (slot.requestsInFlight() + perConnection - 1) / perConnection;
        return Math.max(1, Math.min(calledFor - slot.connections(), slot.connections()));
    }

    /** Returns how many more connections would serve all who wait. */
    private int missing(Claims claims) {
        return claims.size(true) + Math.min(1, claims.size(false));
    }

    /** Returns how many attempts have not been under way for long: the others are no reason not to try elsewhere. */
    int freshAttempts(long nowNanos) {
        int fresh = 0;
        for (EndpointSlot slot : slots.all()) {
            for (Attempt attempt : slot.attempts) {
                if (nowNanos - attempt.startNanos() < plan.attemptDelayNanos()) {
                    fresh++;
                }
            }
        }
        return fresh;
    }

    private @Nullable EndpointSlot pickToOpen(long nowNanos) {
        List<EndpointSlot> candidates = new ArrayList<>();
        for (EndpointSlot slot : slots.all()) {
            if (slots.mayOpen(slot, nowNanos) && !slot.isSlow(nowNanos, plan.attemptDelayNanos())) {
                candidates.add(slot);
            }
        }
        if (candidates.size() <= 1) {
            return candidates.isEmpty() ? null : candidates.get(0);
        }
        return candidates.get(plan.pick(Ready.of(candidates)));
    }

    private boolean open(EndpointSlot slot, Work work, long nowNanos, boolean claimed) {
        boolean hasPermit = slots.mayOpen(slot, nowNanos)
                && (slots.connections() < plan.config().maxConnections()
                        || (slot.connections() == 0 && evict(slot, work, claimed))
                        || (claimed && displace(slot, work, nowNanos)));
        if (!hasPermit) {
            return false;
        }
        Attempt attempt = newAttempt.apply(slot);
        slot.attempts.add(attempt);
        work.attempts.add(attempt);
        return true;
    }

    /**
     * Takes the permit of a connection to another endpoint, the one that has been idle longest. Unless somebody waits,
     * an endpoint keeps its last one: two endpoints that share a permit would take it from each other for ever.
     */
    private boolean evict(EndpointSlot slot, Work work, boolean claimed) {
        PooledSession idlest = null;
        for (EndpointSlot other : slots.all()) {
            if (other == slot || (!claimed && other.connections() == 1)) {
                continue;
            }
            for (PooledSession session : other.free) {
                if (session.pending() == 0 && (idlest == null || session.busyNanos - idlest.busyNanos < 0)) {
                    idlest = session;
                }
            }
        }
        if (idlest == null) {
            return false;
        }
        slots.drop(idlest);
        work.evictions.add(new Work.Eviction(idlest, Work.FOR_ANOTHER));
        counts.evictedForOthers++;
        return true;
    }

    /** Takes the permit of an attempt to connect to another endpoint that has had its time. */
    private boolean displace(EndpointSlot slot, Work work, long nowNanos) {
        for (EndpointSlot other : slots.all()) {
            for (Attempt attempt : other.attempts) {
                if (other != slot && nowNanos - attempt.startNanos() >= patienceNanos(other)) {
                    other.attempts.remove(attempt);
                    work.displaced.add(attempt);
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Returns how long an attempt may hold a permit that another endpoint could use, in nanoseconds. Twice as long with
     * every failure, or an endpoint that is only far away would never be reached.
     */
    private long patienceNanos(EndpointSlot slot) {
        long shortest = plan.attemptDelayNanos();
        int doublings = Math.min(slot.failuresInARow, MOST_DOUBLINGS);
        return shortest > Long.MAX_VALUE >> MOST_DOUBLINGS ? Long.MAX_VALUE : shortest << doublings;
    }

    /** Ends connections that nobody has used for long, but for those that shall always be there. */
    void retireIdle(Work work, long nowNanos) {
        if (plan.sweepNanos() == Long.MAX_VALUE || nowNanos - lastSweepNanos < plan.sweepNanos()) {
            return;
        }
        lastSweepNanos = nowNanos;
        for (EndpointSlot slot : slots.all()) {
            int spare = slot.free.size() - plan.config().minIdle();
            for (PooledSession session : slot.sessions()) {
                if (session.look(nowNanos) && !slot.isEjected(nowNanos)) {
                    slot.recovered();
                }
                boolean idle =
                        session.state == PooledSession.State.FREE && nowNanos - session.busyNanos >= plan.idleNanos();
                if (idle && spare-- > 0) {
                    slots.drop(session);
                    work.evictions.add(new Work.Eviction(session, Work.IDLE));
                    counts.idledOut++;
                }
            }
        }
    }

    /** Returns whether there shall be connections though nobody waits for one. */
    boolean keepsConnections() {
        return plan.config().minIdle() > 0;
    }

    /** Refuses those who cannot be served before somebody does something about it. */
    void refuse(Claims claims, Work work, long nowNanos) {
        boolean sourceFailed = slots.takeSourceFailed();
        if (claims.isEmpty() || slots.usable() > 0 || slots.attempts() > 0) {
            return;
        }
        if (slots.hasGivenUp()) {
            TransportException gaveUp = PoolFailures.gaveUp(slots);
            claims.removeAll().forEach(claim -> work.refusals.add(new Work.Refusal(claim, gaveUp)));
        } else if (!plan.waitsWhileDown()) {
            for (Claim claim : claims.all()) {
                if (slots.all().isEmpty() ? sourceFailed : slots.haveFailed(claim, nowNanos)) {
                    claims.remove(claim);
                    work.refusals.add(new Work.Refusal(claim, PoolFailures.failed(slots)));
                }
            }
        }
    }

    /** Returns when an attempt has lasted so long that others are tried beside it, or in its place. */
    private long nextStepNanos(EndpointSlot slot, long nowNanos) {
        long next = Long.MAX_VALUE;
        for (Attempt attempt : slot.attempts) {
            long age = Math.max(0, nowNanos - attempt.startNanos());
            for (long step : new long[] {plan.attemptDelayNanos(), patienceNanos(slot)}) {
                if (age < step && step != Long.MAX_VALUE) {
                    next = Math.min(next, step - age);
                }
            }
        }
        return next;
    }

    /** Returns after how many nanoseconds something may have to be decided again; MAX_VALUE if only after an event. */
    long nextLookNanos(Claims claims, long nowNanos) {
        long next = Long.MAX_VALUE;
        for (EndpointSlot slot : slots.all()) {
            long leftAlone = slot.nanosLeftAlone(nowNanos);
            if (leftAlone > 0) {
                next = Math.min(next, leftAlone);
            }
            if (!claims.isEmpty()) {
                next = Math.min(next, nextStepNanos(slot, nowNanos));
            }
        }
        if (slots.usable() > 0 && plan.sweepNanos() != Long.MAX_VALUE) {
            next = Math.min(next, Math.max(0, lastSweepNanos + plan.sweepNanos() - nowNanos));
        }
        boolean waitsForSharedOnes = plan.sharesConnections() && claims.size(true) > 0;
        return waitsForSharedOnes ? Math.min(next, PoolPlan.SHARED_LOOK_NANOS) : next;
    }
}
