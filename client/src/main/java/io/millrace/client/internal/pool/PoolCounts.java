package io.millrace.client.internal.pool;

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
    long ejections;

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
