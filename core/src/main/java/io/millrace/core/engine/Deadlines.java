package io.millrace.core.engine;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one coarse timer of a group: a hashed wheel of intrusive entries, driven by one thread.
 *
 * <p>Threading: Thread-safe. Entries expire on the timer thread, which must only be used to pass the news on.
 *
 * <p>Lifecycle: started and stopped with the group. After {@link #stop()} nothing expires any more.
 */
public final class Deadlines {
    /*
     * A wheel of SLOTS lists, one per tick of TICK_NANOS. An entry sits in the slot of its tick modulo SLOTS; one
     * that is further away than a round of the wheel is passed over until its own tick comes. Arming and cancelling
     * are a few pointer writes under one short lock, and allocate nothing.
     *
     * An entry never expires early: its tick is rounded up. It may expire up to one tick late, and later still if
     * the process was stopped, in which case every slot is visited once.
     *
     * What is due moves to one more list, DUE, and leaves it one by one: until its turn comes it can still be cancelled
     * or moved like any other.
     *
     * The thread sleeps until the next occupied slot, or for ever when there is none. arm() wakes it when the new
     * entry comes before that.
     */

    /** The grain of every deadline, in nanoseconds: 10 ms. */
    public static final long TICK_NANOS = 10_000_000;

    private static final Logger log = LoggerFactory.getLogger(Deadlines.class);
    private static final int SLOTS = 512;
    private static final int DUE = SLOTS;
    private static final long NEVER = Long.MAX_VALUE;

    /** One deadline: reusable, armed at most once at a time. */
    public abstract static class Deadline {
        // All guarded by the wheel.
        private @Nullable Deadline previous;
        private @Nullable Deadline next;
        private long tick;
        private int list;
        private boolean armed;

        /** Makes a deadline that is not armed. */
        protected Deadline() {}

        /**
         * Passes the news on. Runs on the timer thread: must neither block, nor throw, nor call application code. It
         * may close a channel, so that a peer is cut off in time even if its session's own callback is stuck.
         */
        protected abstract void expired();
    }

    private final LongSupplier nanoClock;
    private final long startNanos;
    private final Thread thread;
    // Written once, by stop(); read by the timer thread.
    private volatile boolean stopped;

    // Guarded by this.
    private final @Nullable Deadline[] lists = new @Nullable Deadline[SLOTS + 1];
    private long lastTick;
    private long wakeTick = NEVER;
    private int armedCount;
    private boolean expiring;

    Deadlines(String threadName, boolean daemon, LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.startNanos = nanoClock.getAsLong();
        this.thread = new NonBlockingThread(this::loop, threadName, daemon);
    }

    void start() {
        thread.start();
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    /**
     * Returns the thread on which deadlines expire.
     *
     * @return the timer thread
     */
    public Thread thread() {
        return thread;
    }

    /**
     * Returns the time by the clock that drives the wheel.
     *
     * @return nanoseconds since an arbitrary origin; only differences mean anything
     */
    public long nanoTime() {
        return nanoClock.getAsLong();
    }

    /**
     * Arms the deadline, or moves it if it is armed.
     *
     * @param deadline what expires
     * @param delayNanos from now, in nanoseconds; 0 or less is as soon as possible
     */
    public void arm(Deadline deadline, long delayNanos) {
        boolean earlier;
        synchronized (this) {
            if (deadline.armed) {
                unlink(deadline);
            }
            deadline.tick = Math.max(tickOf(nanoTime() + Math.max(0, delayNanos)) + 1, lastTick + 1);
            link(deadline, slot(deadline.tick));
            earlier = deadline.tick < wakeTick;
        }
        if (earlier) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Disarms the deadline.
     *
     * @param deadline what shall not expire
     * @return false if it was not armed: never, or it has expired, or is just about to
     */
    public boolean cancel(Deadline deadline) {
        synchronized (this) {
            if (!deadline.armed) {
                return false;
            }
            unlink(deadline);
            return true;
        }
    }

    /** Looks at the clock at once: it has been moved by hand. */
    public void clockMoved() {
        LockSupport.unpark(thread);
    }

    /**
     * Returns whether everything that is due by the clock has expired.
     *
     * @return false while the timer thread has work, or has not looked yet
     */
    public synchronized boolean isCaughtUp() {
        return lists[DUE] == null && !expiring && lastTick >= tickOf(nanoTime());
    }

    /**
     * Returns how many deadlines are armed.
     *
     * @return the number of armed deadlines
     */
    public synchronized int armed() {
        return armedCount;
    }

    private void loop() {
        while (!stopped) {
            long sleepNanos = expireDue();
            if (sleepNanos == NEVER) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, sleepNanos);
            }
        }
    }

    /** Expires what is due; returns how long there is nothing more to do, in nanoseconds. */
    private long expireDue() {
        collectDue();
        Deadline due;
        while ((due = pollDue()) != null) {
            try {
                due.expired();
            } catch (Throwable failure) {
                log.error("deadline could not be handled; deadline={}", due, failure);
            }
        }
        synchronized (this) {
            expiring = false;
            wakeTick = nextOccupiedTick();
            return wakeTick == NEVER ? NEVER : Math.max(1, wakeTick * TICK_NANOS - (nanoTime() - startNanos));
        }
    }

    private synchronized void collectDue() {
        long nowTick = tickOf(nanoTime());
        long from = Math.max(lastTick + 1, nowTick - SLOTS + 1);
        for (long tick = from; tick <= nowTick; tick++) {
            Deadline entry = lists[slot(tick)];
            while (entry != null) {
                Deadline following = entry.next;
                if (entry.tick <= nowTick) {
                    unlink(entry);
                    link(entry, DUE);
                }
                entry = following;
            }
        }
        lastTick = Math.max(lastTick, nowTick);
        expiring = true;
    }

    private synchronized @Nullable Deadline pollDue() {
        Deadline due = lists[DUE];
        if (due != null) {
            unlink(due);
        }
        return due;
    }

    private long nextOccupiedTick() {
        if (armedCount == 0) {
            return NEVER;
        }
        long tick = lastTick + 1;
        while (lists[slot(tick)] == null) {
            tick++;
        }
        return tick;
    }

    private void link(Deadline deadline, int list) {
        Deadline first = lists[list];
        deadline.list = list;
        deadline.previous = null;
        deadline.next = first;
        if (first != null) {
            first.previous = deadline;
        }
        lists[list] = deadline;
        deadline.armed = true;
        armedCount++;
    }

    private void unlink(Deadline deadline) {
        Deadline before = deadline.previous;
        Deadline after = deadline.next;
        if (before == null) {
            lists[deadline.list] = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        deadline.previous = null;
        deadline.next = null;
        deadline.armed = false;
        armedCount--;
    }

    private long tickOf(long nanos) {
        return (nanos - startNanos) / TICK_NANOS;
    }

    private static int slot(long tick) {
        return (int) (tick & (SLOTS - 1));
    }
}
