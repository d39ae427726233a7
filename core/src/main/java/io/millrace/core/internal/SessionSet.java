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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The live sessions of a server or client, and the way to end them all.
 *
 * <p>Threading: Thread-safe.
 */
public final class SessionSet {
    /*
     * A session is counted from before it is made until after its onClose, so that "empty" means that nothing of it
     * is left.
     *
     *                  drain                      cut
     *     OPEN ------------------> ENDING ---------------> CUTTING
     *       |                                                 ^
     *       +-------------------------------------------------+
     *
     * enter() and these exclude each other: after them no session can enter, so whoever then finds the set empty has
     * seen the last one. One that has entered but is not listed when they go through the list finds in `ending`, as
     * soon as it is listed, what happens to it.
     *
     * When the end is due may be said before it begins, and moved forward while somebody waits for it.
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
    private boolean cutting;
    private boolean hasEnd;
    private long endNanos;
    // Written under lock; null as long as the set is open. What happens to a session that is listed late.
    private volatile @Nullable Consumer<TcpSession> ending;
    // Written by anyone who cuts.
    private final AtomicInteger cut = new AtomicInteger();

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
            if (ending != null) {
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
        Consumer<TcpSession> end = ending;
        if (end != null) {
            end.accept(session);
        }
    }

    /**
     * Unlists a session that has ended, and gives its place back.
     *
     * @param session the session
     * @return false if it was not listed, and nothing has changed
     */
    public boolean remove(TcpSession session) {
        SessionStats last = session.stats();
        lock.lock();
        try {
            if (sessions.remove(session.id()) == null) {
                return false;
            }
            removed = removed.plus(last);
            removals++;
        } finally {
            lock.unlock();
        }
        leave();
        return true;
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

    /** {@return the most places ever taken} */
    public int peak() {
        return peak.get();
    }

    /**
     * Lets no session in any more, and has all finish what is in flight and then close in good order.
     *
     * @param reason why
     * @return how many there were: after this, none is added to them
     */
    public int drain(CloseReason reason) {
        Consumer<TcpSession> end = session -> session.drain(reason);
        int all;
        lock.lock();
        try {
            all = count;
            if (ending != null) {
                return all;
            }
            ending = end;
        } finally {
            lock.unlock();
        }
        sessions.values().forEach(end);
        return all;
    }

    /**
     * Lets no session in any more, and ends all at once.
     *
     * @param reason why
     */
    public void cut(CloseReason reason) {
        lock.lock();
        try {
            if (cutting) {
                return;
            }
            cutting = true;
            ending = session -> abort(session, reason);
        } finally {
            lock.unlock();
        }
        AbortAll.run(sessions.values(), session -> abort(session, reason));
    }

    private void abort(TcpSession session, CloseReason reason) {
        if (session.isConnected()) {
            cut.incrementAndGet();
        }
        session.abort(reason);
    }

    /**
     * Returns how many sessions have been cut off.
     *
     * @return sessions whose connection was there when {@link #cut(CloseReason)} came to them
     */
    public int cut() {
        return cut.get();
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
     * Says when the last session has to be gone. Of several times the earliest counts.
     *
     * @param timeoutNanos from now, in nanoseconds
     */
    public void dueIn(long timeoutNanos) {
        long newEndNanos = System.nanoTime() + timeoutNanos;
        lock.lock();
        try {
            if (!hasEnd || newEndNanos - endNanos < 0) {
                hasEnd = true;
                endNanos = newEndNanos;
                emptied.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the end is due, or for some time. Not for the group's own threads.
     *
     * @param atMostNanos how long at most, in nanoseconds
     * @return whether the end is due, or the wait was interrupted
     */
    public boolean awaitDue(long atMostNanos) {
        lock.lock();
        try {
            long untilNanos = System.nanoTime() + atMostNanos;
            while (true) {
                long nowNanos = System.nanoTime();
                if (hasEnd && endNanos - nowNanos <= 0) {
                    return true;
                }
                long leftNanos = untilNanos - nowNanos;
                if (leftNanos <= 0) {
                    return false;
                }
                emptied.awaitNanos(hasEnd ? Math.min(leftNanos, endNanos - nowNanos) : leftNanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until no session is left, or the end is due. Not for the group's own threads.
     *
     * @return false if some are left, or the wait was interrupted
     */
    public boolean awaitEmptyOrDue() {
        lock.lock();
        try {
            while (count > 0) {
                long leftNanos = endNanos - System.nanoTime();
                if (hasEnd && leftNanos <= 0) {
                    return false;
                }
                emptied.awaitNanos(hasEnd ? leftNanos : Long.MAX_VALUE);
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
     * Waits a moment for the last callbacks of sessions that have been cut off. Not for the group's own threads.
     *
     * @return false if some are left
     */
    public boolean awaitCut() {
        return awaitEmpty(ABORT_NANOS);
    }

    /**
     * Ends all sessions: in good order until the deadline, by force after it. Not for the group's own threads.
     *
     * @param reason why
     * @param drainNanos how long good order may take, in nanoseconds
     * @return how many sessions had to be cut off
     */
    public int drain(CloseReason reason, long drainNanos) {
        drain(reason);
        if (awaitEmpty(drainNanos)) {
            return 0;
        }
        cut(reason);
        awaitCut();
        return cut();
    }
}
