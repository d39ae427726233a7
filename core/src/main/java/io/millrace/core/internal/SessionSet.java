package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.SessionStats;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The live sessions of a server or client, and the way to end them all.
 *
 * <p>Threading: Thread-safe.
 */
public final class SessionSet {
    /*
     * A session is counted from before it is made until after its onClose, so that "empty" means that nothing of it
     * is left. enter() and close() exclude each other: after close() no session can enter, so a close that finds the
     * set empty has seen the last one. One that has entered but is not listed when close() goes through the list sees
     * `closing` as soon as it is listed.
     */
    /** How long aborted sessions get for their last callbacks. */
    private static final long ABORT_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** How often to try for sums that no ending session disturbs. */
    private static final int TOTALS_ATTEMPTS = 3;

    private final ConcurrentHashMap<Long, TcpSession> sessions = new ConcurrentHashMap<>();
    private final AtomicInteger peak = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition emptied = lock.newCondition();

    // Guarded by lock: of the sessions that have been removed.
    private SessionStats removed = new SessionStats(0, 0, 0, 0);
    private long removals;
    // Guarded by lock.
    private int count;
    // Written under lock, once.
    private volatile @Nullable CloseReason closing;

    /** Makes an empty, open set. */
    public SessionSet() {}

    /**
     * Takes a place for a session that is about to be made.
     *
     * @return false if the set is closed
     */
    public boolean enter() {
        lock.lock();
        try {
            if (closing != null) {
                return false;
            }
            count++;
            peak.set(Math.max(peak.get(), count));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a place back, whose session has ended or was never made. */
    public void leave() {
        lock.lock();
        try {
            if (--count == 0) {
                emptied.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lists a session that has a place.
     *
     * @param session the session
     */
    public void add(TcpSession session) {
        sessions.put(session.id(), session);
        CloseReason reason = closing;
        if (reason != null) {
            session.close(reason);
        }
    }

    /**
     * Unlists a session that has ended, and gives its place back.
     *
     * @param session the session
     */
    public void remove(TcpSession session) {
        SessionStats last = session.stats();
        lock.lock();
        try {
            sessions.remove(session.id());
            removed = removed.plus(last);
            removals++;
        } finally {
            lock.unlock();
        }
        leave();
    }

    /**
     * Returns the counters of all sessions that are and have been here together.
     *
     * @return their sums; while many sessions end they may lag behind by those that end just now
     */
    public SessionStats totals() {
        SessionStats sum = new SessionStats(0, 0, 0, 0);
        for (int i = 0; i < TOTALS_ATTEMPTS; i++) {
            SessionStats ended;
            long before;
            lock.lock();
            try {
                ended = removed;
                before = removals;
            } finally {
                lock.unlock();
            }
            sum = ended;
            // Outside the lock, for there may be many; a session that is removed meanwhile could be missed.
            for (TcpSession session : sessions.values()) {
                sum = sum.plus(session.stats());
            }
            if (before == removals()) {
                break;
            }
        }
        return sum;
    }

    private long removals() {
        lock.lock();
        try {
            return removals;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns the session with a number.
     *
     * @param id the number
     * @return the session, or null if it is not here
     */
    public @Nullable TcpSession get(long id) {
        return sessions.get(id);
    }

    /**
     * Returns the sessions.
     *
     * @return a live view that can be iterated while sessions come and go
     */
    public Collection<TcpSession> sessions() {
        return Collections.unmodifiableCollection(sessions.values());
    }

    /**
     * Returns how many places are taken.
     *
     * @return the number of sessions, those being made included
     */
    public int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns the most places ever taken.
     *
     * @return the peak
     */
    public int peak() {
        return peak.get();
    }

    /**
     * Lets no session in any more, and closes all in good order.
     *
     * @param reason why
     */
    public void close(CloseReason reason) {
        lock.lock();
        try {
            if (closing == null) {
                closing = reason;
            }
        } finally {
            lock.unlock();
        }
        sessions.values().forEach(session -> session.close(reason));
    }

    /**
     * Ends all sessions at once.
     *
     * @param reason why
     */
    public void abort(CloseReason reason) {
        sessions.values().forEach(session -> session.abort(reason));
    }

    /**
     * Waits until no session is left. Not for the group's own threads.
     *
     * @param timeoutNanos how long at most, in nanoseconds
     * @return false if some are left, or the wait was interrupted
     */
    public boolean awaitEmpty(long timeoutNanos) {
        lock.lock();
        try {
            long left = timeoutNanos;
            while (count > 0) {
                if (left <= 0) {
                    return false;
                }
                left = emptied.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends all sessions: in good order until the deadline, by force after it. Not for the group's own threads.
     *
     * @param reason why
     * @param drainNanos how long good order may take, in nanoseconds
     * @return how many sessions had to be cut off
     */
    public int drain(CloseReason reason, long drainNanos) {
        close(reason);
        if (awaitEmpty(drainNanos)) {
            return 0;
        }
        int cut = count();
        abort(reason);
        awaitEmpty(ABORT_NANOS);
        return cut;
    }
}
