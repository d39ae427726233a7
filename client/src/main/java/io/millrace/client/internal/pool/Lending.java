package io.millrace.client.internal.pool;

import io.millrace.client.internal.pool.PooledSession.State;
import io.millrace.client.pool.PoolOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides who gets which connection. Guarded by the pool. */
final class Lending {
    /*
     * Whoever needs a connection of its own gets one that carries no requests. Where requests share connections there
     * may be none for as long as there is load. So, when another one is not about to be opened, the connection with the
     * fewest requests is RESERVED for each borrower who waits: no new requests go there, and once the last one on it is
     * done, it is lent. It becomes FREE again when there are fewer borrowers.
     *
     * Requests may have found a connection without the lock just before it is lent. They ask for permission when they
     * are counted already (see PooledSession.begin), and it is lent only if none is counted after its state has been
     * changed. So either they are seen here, or they see that it is lent.
     *
     * Borrowers and requests take turns by age, so that neither keeps the others waiting for ever. A connection that is
     * given to a request is not lent in the same round, for the request has yet to begin.
     */
    private final PoolPlan plan;
    private final Slots slots;
    private final Claims claims;
    private final PoolCounts counts;

    Lending(PoolPlan plan, Slots slots, Claims claims, PoolCounts counts) {
        this.plan = plan;
        this.slots = slots;
        this.claims = claims;
        this.counts = counts;
    }

    /** Gives connections to those who wait, the oldest first; returns whether one was lent. */
    boolean serve(Work work, long nowNanos) {
        boolean mayLend = true;
        boolean mayShare = true;
        boolean lent = false;
        while (true) {
            Claim own = mayLend ? claims.first(true) : null;
            Claim sharing = mayShare ? claims.first(false) : null;
            if (own == null && sharing == null) {
                return lent;
            }
            if (sharing == null || (own != null && own.isBefore(sharing))) {
                mayLend = handOver(own, lend(nowNanos), work);
                lent |= mayLend;
            } else {
                mayShare = handOver(sharing, share(nowNanos), work);
                mayLend &= !mayShare;
            }
        }
    }

    private boolean handOver(@Nullable Claim claim, @Nullable PooledSession session, Work work) {
        if (claim == null || session == null) {
            return false;
        }
        claims.remove(claim);
        work.handOvers.add(new Work.HandOver(claim, session, counts.use(session, claim.hasWaited())));
        return true;
    }

    /** Lends a connection that nobody uses, or returns null if there is none. */
    @Nullable
    PooledSession lend(long nowNanos) {
        for (PooledSession reserved : reserved()) {
            if (reserved.tryLend()) {
                return reserved;
            }
        }
        Ready candidates = slots.ready(nowNanos);
        if (candidates.size() == 0) {
            return null;
        }
        int first = candidates.size() == 1 ? 0 : plan.pick(candidates);
        for (int i = 0; i < candidates.size(); i++) {
            EndpointSlot slot = candidates.slot((first + i) % candidates.size());
            PooledSession session = lendFree(slot);
            if (session != null) {
                slot.taken.add(session);
                return session;
            }
            slot.wanted |= i == 0;
        }
        return null;
    }

    private @Nullable PooledSession lendFree(EndpointSlot slot) {
        Iterator<PooledSession> line =
                plan.config().order() == PoolOrder.LIFO ? slot.free.descendingIterator() : slot.free.iterator();
        while (line.hasNext()) {
            PooledSession session = line.next();
            if (session.tryLend()) {
                line.remove();
                return session;
            }
        }
        return null;
    }

    /** Returns a connection that requests share, or null if there is none. */
    private @Nullable PooledSession share(long nowNanos) {
        Ready candidates = slots.ready(nowNanos);
        PooledSession any = candidates.leastBusy();
        if (any == null || candidates.size() == 1) {
            return any;
        }
        PooledSession picked = candidates.leastBusy(plan.pick(candidates));
        return picked != null ? picked : any;
    }

    /** Takes a lent connection back; false if it was not lent, or is gone. */
    boolean takeBack(PooledSession session, long nowNanos) {
        if (session.state != State.LEASED) {
            return false;
        }
        setFree(session);
        session.busyNanos = nowNanos;
        return true;
    }

    private static void setFree(PooledSession session) {
        session.slot().taken.remove(session);
        session.slot().free.addLast(session);
        session.state = State.FREE;
    }

    /** Lets requests use connections that were reserved for borrowers who do not wait any more. */
    boolean release() {
        List<PooledSession> reserved = reserved();
        int surplus = reserved.size() - claims.size(true);
        for (int i = 0; i < surplus; i++) {
            setFree(reserved.get(i));
        }
        return surplus > 0;
    }

    /**
     * Reserves as many shared connections as there are borrowers who wait for one; not in a round that has given some to
     * requests, which have yet to begin.
     *
     * @param opening how many connections will be there soon
     * @return whether anything has changed
     */
    boolean reserve(Work work, int opening, long nowNanos) {
        if (!plan.sharesConnections() || !work.handOvers.isEmpty()) {
            return false;
        }
        int missing = claims.size(true) - opening - reserved().size();
        for (int i = 0; i < missing; i++) {
            PooledSession leastBusy = slots.ready(nowNanos).leastBusy();
            if (leastBusy == null) {
                return i > 0;
            }
            leastBusy.slot().free.remove(leastBusy);
            leastBusy.slot().taken.add(leastBusy);
            leastBusy.state = State.RESERVED;
        }
        return missing > 0;
    }

    private List<PooledSession> reserved() {
        List<PooledSession> reserved = new ArrayList<>();
        if (plan.sharesConnections()) {
            for (EndpointSlot slot : slots.all()) {
                for (PooledSession session : slot.taken) {
                    if (session.state == State.RESERVED) {
                        reserved.add(session);
                    }
                }
            }
        }
        return reserved;
    }
}
