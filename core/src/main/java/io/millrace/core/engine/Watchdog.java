package io.millrace.core.engine;

import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.observe.FlightEvents;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks now and then whether the I/O threads of a group get on, and whether all of them are there. */
final class Watchdog extends Deadline {
    /*
     * Two faults that nothing else shows:
     *
     * 1. A callback that blocks holds its thread, and every session served there waits. A turn counts its steps, so a
     *    thread that is inside a turn and whose count has not moved from one look to the next has been in one step all
     *    that while. No clock is read in a turn: only a look does that, so what is reported is the time since the
     *    first look that saw the step, and the true time is longer by less than the time between two looks.
     * 2. The JDK does not always replace an I/O thread whose event loop has ended: after a failed wait the thread stays
     *    in the pool and takes no part any more; after a checked exception thrown by stealth so does its replacement.
     *    Such a thread waits in the pool for a task that never comes, and its stack shows that. One thread that has
     *    not moved is inspected at each look, which is cheap, and all are in their turn.
     *
     * A look that comes much too late shows that this process was stopped, or the machine slept: that time is nobody's
     * fault, and is not counted.
     *
     * Each look runs on the timer thread: it reads counters and stacks, logs, and never waits for another thread.
     */
    private static final Logger log = LoggerFactory.getLogger(Watchdog.class);
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_BETWEEN_LOOKS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String group;
    private final int configuredThreads;
    private final Set<IoThread> threads;
    private final Deadlines deadlines;
    private final long blockedNanos;
    private final long betweenLooksNanos;
    private final LogLimiter warnings = new LogLimiter(10, TimeUnit.MINUTES.toNanos(1));

    // Confined to the timer thread.
    private final Map<IoThread, Watched> watched = new HashMap<>();
    private long lastLookNanos;
    private boolean allSeen;
    private boolean missingBefore;
    private boolean lossReported;
    private int looks;

    // Written by the timer thread; read by anyone.
    private final AtomicLong incidents = new AtomicLong();
    private volatile int blockedNow;
    private volatile int lost;

    /**
     * Makes a watchdog that does not look yet.
     *
     * @param group the name of the group
     * @param configuredThreads how many I/O threads there must be
     * @param threads the I/O threads that there are
     * @param deadlines the timer whose thread looks
     * @param blockedNanos how long a callback may hold a thread, in nanoseconds; 0 if for ever
     */
    Watchdog(String group, int configuredThreads, Set<IoThread> threads, Deadlines deadlines, long blockedNanos) {
        this.group = group;
        this.configuredThreads = configuredThreads;
        this.threads = threads;
        this.deadlines = deadlines;
        this.blockedNanos = blockedNanos;
        this.betweenLooksNanos = blockedNanos == 0
                ? LONGEST_BETWEEN_LOOKS_NANOS
                : Math.min(Math.max(blockedNanos / 2, Deadlines.TICK_NANOS), LONGEST_BETWEEN_LOOKS_NANOS);
    }

    void start() {
        lastLookNanos = deadlines.nanoTime();
        deadlines.arm(this, betweenLooksNanos);
    }

    /** Returns how often a thread was found blocked. */
    long incidents() {
        return incidents.get();
    }

    /** Returns how many threads were blocked at the last look. */
    int blockedNow() {
        return blockedNow;
    }

    /** Returns how many threads were missing at the last look. */
    int lost() {
        return lost;
    }

    @Override
    protected void expired() {
        try {
            lookForBlocked();
            lookForLost();
        } finally {
            deadlines.arm(this, betweenLooksNanos);
        }
    }

    private void lookForBlocked() {
        watched.keySet().retainAll(threads);
        long now = deadlines.nanoTime();
        long lateNanos = now - lastLookNanos - betweenLooksNanos;
        lastLookNanos = now;
        for (IoThread thread : threads) {
            Watched one = watched.computeIfAbsent(thread, added -> new Watched());
            if (lateNanos > LATE_NANOS) {
                one.excuse(lateNanos);
            }
            one.look(thread.turn().progress(), now);
        }
        int blocked = 0;
        for (Watched one : watched.values()) {
            blocked += one.isBlocked(now) ? 1 : 0;
        }
        blockedNow = blocked;
        for (Map.Entry<IoThread, Watched> entry : watched.entrySet()) {
            entry.getValue().report(entry.getKey(), now);
        }
    }

    private void lookForLost() {
        allSeen |= threads.size() >= configuredThreads;
        inspectOne();
        int missing = Math.max(0, configuredThreads - threads.size());
        for (Watched one : watched.values()) {
            missing += one.outsideLoop ? 1 : 0;
        }
        // Twice in a row, for a thread that the JDK replaces is missing for a moment.
        boolean certain = allSeen && missing > 0 && missingBefore;
        missingBefore = missing > 0;
        lost = certain ? missing : 0;
        if (certain && !lossReported) {
            log.error(
                    "I/O threads are lost; group={} lost={} configured={}: close the group and start another,"
                            + " and report what was logged or printed before",
                    group,
                    missing,
                    configuredThreads);
        }
        lossReported = certain;
    }

    /** Looks where one thread is that has not moved: waiting for events, or for a task that never comes? */
    private void inspectOne() {
        int turn = looks++ % configuredThreads;
        for (Map.Entry<IoThread, Watched> entry : watched.entrySet()) {
            if (turn-- == 0) {
                entry.getValue().outsideLoop = !entry.getValue().moved && waitsInPool(entry.getKey());
            }
        }
    }

    private static boolean waitsInPool(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getMethodName().equals("getTask")
                    && frame.getClassName().equals("java.util.concurrent.ThreadPoolExecutor")) {
                return true;
            }
        }
        return false;
    }

    /** What the looks at one thread have shown. Confined to the timer thread. */
    private final class Watched {
        private int progress;
        private long sinceNanos;
        private long heldNanos;
        private boolean inStep;
        private boolean moved = true;
        private boolean reported;
        private boolean logged;
        private boolean outsideLoop;

        /** Takes a time out of account in which nothing ran here. */
        void excuse(long nanos) {
            sinceNanos += nanos;
        }

        void look(int newProgress, long now) {
            moved = newProgress != progress;
            progress = newProgress;
            inStep = Turn.isInStep(newProgress);
            heldNanos = now - sinceNanos;
            if (moved) {
                sinceNanos = now;
            }
        }

        boolean isBlocked(long now) {
            return blockedNanos > 0 && inStep && !moved && now - sinceNanos >= blockedNanos;
        }

        void report(IoThread thread, long now) {
            if (isBlocked(now)) {
                if (!reported) {
                    reported = true;
                    blocked(thread, now - sinceNanos);
                }
            } else if (reported) {
                reported = false;
                if (logged) {
                    log.warn(
                            "I/O thread is free again; thread={} heldMillis={}",
                            thread.getName(),
                            TimeUnit.NANOSECONDS.toMillis(heldNanos));
                }
            }
        }

        private void blocked(IoThread thread, long forNanos) {
            incidents.incrementAndGet();
            StackTraceElement[] stack = thread.getStackTrace();
            FlightEvents.slowHandler(thread, forNanos, stack);
            logged = warnings.allows();
            if (logged) {
                Throwable where = new Throwable("where it is now");
                where.setStackTrace(stack);
                log.warn(
                        "I/O thread is held by a callback, and its sessions wait: do not block there;"
                                + " thread={} heldMillis={} blocked={} of={}",
                        thread.getName(),
                        TimeUnit.NANOSECONDS.toMillis(forNanos),
                        blockedNow,
                        configuredThreads,
                        where);
            }
        }
    }
}
