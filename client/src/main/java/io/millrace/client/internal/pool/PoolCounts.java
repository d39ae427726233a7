package io.millrace.client.internal.pool;

import io.millrace.client.pool.PoolStats;
import io.millrace.client.request.ConnectionUse;
import java.util.concurrent.atomic.LongAdder;

/** What a pool counts since it was made. All but the adders are guarded by the pool. */
final class PoolCounts {
    /** Written without the pool's lock: most claims never need that. */
    final LongAdder reused = new LongAdder();

    final LongAdder tooManyRequests = new LongAdder();
    final LongAdder leaks = new LongAdder();
    long reusedAfterWaiting;
    long newlyOpened;
    long exhausted;
    long timedOut;
    long evictedForOthers;
    long idledOut;
    long lost;

    PoolStats snapshot(Slots slots, Claims claims) {
        int idle = 0;
        for (EndpointSlot slot : slots.all()) {
            for (PooledSession session : slot.free) {
                idle += session.pending() == 0 ? 1 : 0;
            }
        }
        return new PoolStats(
                slots.usable(),
                idle,
                slots.attempts(),
                slots.taken(),
                claims.size(),
                claims.peak(),
                reused.sum(),
                reusedAfterWaiting,
                newlyOpened,
                exhausted,
                tooManyRequests.sum(),
                timedOut,
                evictedForOthers,
                idledOut,
                lost,
                leaks.sum());
    }

    /** Counts a connection that goes to a claim that has waited. */
    ConnectionUse use(PooledSession session, boolean waited) {
        if (session.firstUse()) {
            newlyOpened++;
            return ConnectionUse.OPENED;
        }
        if (!waited) {
            reused.increment();
            return ConnectionUse.REUSED;
        }
        reusedAfterWaiting++;
        return ConnectionUse.REUSED_AFTER_WAITING;
    }
}
