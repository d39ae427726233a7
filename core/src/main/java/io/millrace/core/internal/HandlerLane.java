package io.millrace.core.internal;

import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the callbacks of one session on an executor of the application's: one at a time, in order. */
final class HandlerLane implements Runnable {
    /*
     *              submit                   executor runs it              nothing waits
     *     IDLE -----------> SCHEDULED ---------------------> RUNNING ---------------------> IDLE
     *                        ^    |                          |     | work must wait
     *                        |    | executor is full         |     v
     *                        +----+ (tried again by timer)   |   PARKED --- resume ---> SCHEDULED
     *                        ^                               |
     *                        +-------------------------------+ enough for once: others want the thread too
     *
     * One piece of work is run outside the lock, by the one who found RUNNING; so the executor's threads and memory
     * model are all that order and visibility need: every state change is under the lock.
     *
     * An executor that is full delays the session, whose reads stop when two batches wait. One that is shut down
     * cannot ever run anything: the rest of the work, onClose above all, is run on an I/O thread then.
     *
     * Notes. resume when not PARKED: nothing. submit when SCHEDULED, RUNNING or PARKED: the work waits its turn.
     */

    /** A piece of work. */
    @FunctionalInterface
    interface Work {
        /** Does it; returns false if it must wait for {@link #resume} and then be run again. Must not throw. */
        boolean run();
    }

    private enum State {
        /** Nothing waits. */
        IDLE,
        /** Work waits, and the executor has been asked, or will be by the timer. */
        SCHEDULED,
        /** A thread of the executor is at work. */
        RUNNING,
        /** The first work waits for {@link #resume}. */
        PARKED
    }

    private static final Logger log = LoggerFactory.getLogger(HandlerLane.class);
    private static final int WORK_AT_ONCE = 16;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final IoRuntime runtime;
    private final Executor executor;
    private final BooleanSupplier mayResume;
    private final Deadline retry = new Deadline() {
        @Override
        protected void expired() {
            runtime.execute(HandlerLane.this::schedule);
        }
    };

    // Guarded by this.
    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    private State state = State.IDLE;

    // Written by whoever runs; any thread may read it, to ask only whether it is itself the one.
    private @Nullable Thread runner;

    HandlerLane(IoRuntime runtime, Executor executor, BooleanSupplier mayResume) {
        this.runtime = runtime;
        this.executor = executor;
        this.mayResume = mayResume;
    }

    void submit(Work work) {
        synchronized (this) {
            waiting.addLast(work);
            if (state != State.IDLE) {
                return;
            }
            state = State.SCHEDULED;
        }
        schedule();
    }

    /** Goes on with work that had to wait. */
    void resume() {
        synchronized (this) {
            if (state != State.PARKED) {
                return;
            }
            state = State.SCHEDULED;
        }
        schedule();
    }

    /** Returns whether the caller is a callback run by this lane. */
    boolean isRunning() {
        return runner == Thread.currentThread();
    }

    private void schedule() {
        try {
            executor.execute(this);
        } catch (RejectedExecutionException full) {
            if (executor instanceof ExecutorService service && service.isShutdown()) {
                log.debug("handler executor was shut down before its sessions ended; going on without it");
                runtime.execute(this);
            } else {
                runtime.deadlines().arm(retry, RETRY_NANOS);
            }
        }
    }

    @Override
    public void run() {
        if (!begin()) {
            return;
        }
        runner = Thread.currentThread();
        boolean again;
        try {
            again = runSome();
        } finally {
            runner = null;
        }
        if (again) {
            schedule();
        }
    }

    private synchronized boolean begin() {
        if (state != State.SCHEDULED) {
            return false;
        }
        state = State.RUNNING;
        return true;
    }

    /** Returns whether the executor has to be asked again. */
    private boolean runSome() {
        for (int i = 0; i < WORK_AT_ONCE; i++) {
            Work work;
            synchronized (this) {
                work = waiting.peekFirst();
                if (work == null) {
                    state = State.IDLE;
                    return false;
                }
            }
            boolean done = runSafely(work);
            synchronized (this) {
                if (done) {
                    waiting.removeFirst();
                } else {
                    state = State.PARKED;
                }
            }
            if (!done) {
                return parked();
            }
        }
        synchronized (this) {
            state = State.SCHEDULED;
        }
        return true;
    }

    private static boolean runSafely(Work work) {
        try {
            return work.run();
        } catch (Throwable broken) {
            log.error("work of a session failed", broken);
            return true;
        }
    }

    /** What the work waits for may have come before it was parked. */
    private boolean parked() {
        if (!mayResume.getAsBoolean()) {
            return false;
        }
        synchronized (this) {
            if (state != State.PARKED) {
                return false;
            }
            state = State.SCHEDULED;
            return true;
        }
    }
}
