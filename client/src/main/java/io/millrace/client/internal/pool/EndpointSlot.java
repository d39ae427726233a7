package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointState;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.core.TransportException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The connections to one endpoint, and how it has been doing. Guarded by the pool. */
final class EndpointSlot {
    /*
     * Two things can be wrong with an endpoint, and each has its own time until which it is left alone:
     *
     *   - connections cannot be made, or do not last: none is opened until `retryNanos`, while those there are serve on;
     *   - it takes requests and does not answer: none is sent there until `readmitNanos`, if there is anywhere else.
     *
     * The failures in a row, which make both longer, are forgotten when a connection has proven itself.
     */
    private final Endpoint endpoint;
    /** Connections that anyone may use, the one that was used last at the end. */
    final ArrayDeque<PooledSession> free = new ArrayDeque<>();
    /** Connections that are lent, or reserved to be. */
    final ArrayList<PooledSession> taken = new ArrayList<>();

    final ArrayList<Attempt> attempts = new ArrayList<>();

    /** Whether connections are wanted beyond what waiting claims need. */
    boolean wanted;

    boolean removed;
    int failuresInARow;
    /** Which of all failures of the pool its last one was, counted from 1. */
    long lastFailureNumber;

    private boolean backingOff;
    private long retryNanos;
    private long failedNanos;
    private int unansweredInARow;
    private boolean ejected;
    private long readmitNanos;

    @Nullable
    TransportException lastFailure;

    long opened;
    long failed;

    EndpointSlot(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** Returns how many permits are used here. */
    int connections() {
        return free.size() + taken.size() + attempts.size();
    }

    int usable() {
        return free.size() + taken.size();
    }

    List<PooledSession> sessions() {
        List<PooledSession> all = new ArrayList<>(free);
        all.addAll(taken);
        return all;
    }

    int requestsInFlight() {
        int sum = 0;
        for (PooledSession session : free) {
            sum += session.pending();
        }
        for (PooledSession session : taken) {
            sum += session.pending();
        }
        return sum;
    }

    void unlist(PooledSession session) {
        if (!free.remove(session)) {
            taken.remove(session);
        }
    }

    /** Notes that a connection could not be made, or did not last. */
    void failed(TransportException cause, long nowNanos, long delayNanos) {
        lastFailure = cause;
        failedNanos = nowNanos;
        backingOff = true;
        retryNanos = nowNanos + delayNanos;
    }

    /** Has no connection opened before a time. */
    void leaveAlone(long untilNanos) {
        backingOff = true;
        retryNanos = untilNanos;
    }

    void eject(TransportException cause, long nowNanos, long delayNanos) {
        lastFailure = cause;
        failedNanos = nowNanos;
        ejected = true;
        readmitNanos = nowNanos + delayNanos;
    }

    /**
     * Notes that requests were not answered in time.
     *
     * @return how many in a row, on whichever connections: one that is closed for it leaves its number to the next
     */
    int unanswered(PooledSession session, int inARow) {
        boolean heard = session.isHeard();
        for (PooledSession other : sessions()) {
            heard |= other.isHeard();
        }
        unansweredInARow = (heard ? 0 : unansweredInARow) + session.unanswered(inARow);
        return Math.max(inARow, unansweredInARow);
    }

    /** Returns whether what began at a time has failed for a reason of its own, not for that of the last failure. */
    boolean isNewFailure(long startNanos) {
        return failuresInARow == 0 || startNanos - failedNanos >= 0;
    }

    /** Forgets what went wrong. */
    void recovered() {
        failuresInARow = 0;
        unansweredInARow = 0;
        backingOff = false;
        ejected = false;
    }

    /** Lets it be tried again at once, though it has yet to prove itself. */
    void stopBackingOff() {
        backingOff = false;
    }

    boolean isBackingOff(long nowNanos) {
        return backingOff && retryNanos - nowNanos > 0;
    }

    boolean isEjected(long nowNanos) {
        return ejected && readmitNanos - nowNanos > 0;
    }

    /** Returns how long it is left alone, in nanoseconds; 0 if it is not. */
    long nanosLeftAlone(long nowNanos) {
        long untilRetry = isBackingOff(nowNanos) ? retryNanos - nowNanos : 0;
        long untilReadmitted = isEjected(nowNanos) ? readmitNanos - nowNanos : 0;
        return Math.max(untilRetry, untilReadmitted);
    }

    EndpointStats stats(long nowNanos) {
        long leftAlone = nanosLeftAlone(nowNanos);
        boolean probing = failuresInARow > 0 && usable() == 0 && !attempts.isEmpty();
        return new EndpointStats(
                endpoint,
                leftAlone > 0 ? EndpointState.BACKING_OFF : probing ? EndpointState.PROBING : EndpointState.AVAILABLE,
                usable(),
                attempts.size(),
                requestsInFlight(),
                failuresInARow,
                Duration.ofNanos(leftAlone),
                lastFailure == null ? null : lastFailure.getMessage(),
                opened,
                failed);
    }

    /** Returns whether an attempt has been under way for so long that another endpoint should be tried beside it. */
    boolean isSlow(long nowNanos, long attemptDelayNanos) {
        for (Attempt attempt : attempts) {
            if (nowNanos - attempt.startNanos() >= attemptDelayNanos) {
                return true;
            }
        }
        return false;
    }
}
