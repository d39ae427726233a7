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
     *                        ^    |                             |
     *                        |    | executor is full            | enough for once:
     *                        +----+ (tried again by timer)      | others want the thread too
     *                        ^                                  |
     *                        +----------------------------------+
     *
     * One piece of work is run outside the lock, by the one who found RUNNING; so the executor's threads and memory
     * model are all that order and visibility need: every state change is under the lock.
     *
     * Frames that cannot be taken now are held back, and all frames behind them, until resume(). Other callbacks pass
     * them: it may be one of those that makes room.
     *
     * An executor that is full delays the session, whose reads stop when two batches wait. One that is shut down
     * cannot ever run anything: the rest of the work, onClose above all, is run on an I/O thread then. One that drops
     * what it has accepted, as shutdownNow() does, is found out by the next submit or resume. One that runs what it is
     * given in the caller is answered with a loop, not with a call, so the stack does not grow with what waits.
     *
     * Notes. run when not SCHEDULED (the executor was asked twice): nothing. resume when nothing is held: nothing.
     */

    /** A piece of work. */
    @FunctionalInterface
    interface Work {
        /** Does it; returns false if it must wait for {@link #resume} and then be run again. Must not throw. */
        boolean run();
    }

    /** Work that keeps its place among others of its kind: the only kind that may have to wait. */
    @FunctionalInterface
    interface FrameWork extends Work {}

    private enum State {
        /** Nothing waits, but perhaps for {@link #resume}. */
        IDLE,
        /** Work waits, and the executor has been asked, or will be by the timer. */
        SCHEDULED,
        /** A thread is at work. */
        RUNNING
    }

    private static final Logger log = LoggerFactory.getLogger(HandlerLane.class);
    private static final int WORK_AT_ONCE = 16;
    private static final int BATCHES_HELD = 4;
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
    private final ArrayDeque<Work> held = new ArrayDeque<>(BATCHES_HELD);
    private State state = State.IDLE;
    private @Nullable Thread asking;
    private boolean askedBack;

    // Written under this. Any thread may read it, to ask only whether it is itself the one.
    private @Nullable Thread runner;

    HandlerLane(IoRuntime runtime, Executor executor, BooleanSupplier mayResume) {
        this.runtime = runtime;
        this.executor = executor;
        this.mayResume = mayResume;
    }

    void submit(Work work) {
        State before;
        synchronized (this) {
            waiting.addLast(work);
            before = state;
            state = before == State.IDLE ? State.SCHEDULED : before;
        }
        goOn(before);
    }

    /** Goes on with work that had to wait. */
    void resume() {
        State before;
        synchronized (this) {
            before = state;
            if (!held.isEmpty()) {
                takeUpHeld();
                state = before == State.IDLE ? State.SCHEDULED : before;
            } else if (before == State.IDLE) {
                return;
            }
        }
        goOn(before);
    }

    private void goOn(State before) {
        if (before == State.IDLE) {
            schedule();
        } else if (before == State.SCHEDULED && isShutDown()) {
            runtime.execute(this);
        }
    }

    /** Returns whether the caller is a callback run by this lane. */
    boolean isRunning() {
        return runner == Thread.currentThread();
    }

    /** Returns the thread that is at work, or null. */
    synchronized @Nullable Thread runningThread() {
        return runner;
    }

    private void schedule() {
        while (ask()) {
            if (!runSome()) {
                return;
            }
        }
    }

    /** Asks the executor; returns whether it has the caller do the work. */
    private boolean ask() {
        synchronized (this) {
            asking = Thread.currentThread();
            askedBack = false;
        }
        try {
            executor.execute(this);
        } catch (Throwable notTaken) {
            askLater(notTaken);
        }
        synchronized (this) {
            if (asking != Thread.currentThread()) {
                return false;
            }
            asking = null;
            return askedBack;
        }
    }

    private void askLater(Throwable notTaken) {
        if (isShutDown()) {
            log.debug("handler executor was shut down before its sessions ended; going on without it");
            runtime.execute(this);
            return;
        }
        if (!(notTaken instanceof RejectedExecutionException)
                && runtime.throwsLogged().allows()) {
            log.warn("handler executor failed, it is asked again", notTaken);
        }
        runtime.deadlines().arm(retry, RETRY_NANOS);
    }

    private boolean isShutDown() {
        return executor instanceof ExecutorService service && service.isShutdown();
    }

    @Override
    public void run() {
        synchronized (this) {
            if (asking == Thread.currentThread()) {
                askedBack = true;
                return;
            }
        }
        if (runSome()) {
            schedule();
        }
    }

    /** Returns whether the executor has to be asked again. */
    private boolean runSome() {
        if (!begin()) {
            return false;
        }
        for (int i = 0; i < WORK_AT_ONCE; i++) {
            Work work = next();
            if (work == null) {
                return false;
            }
            if (!runSafely(work)) {
                hold(work);
            }
        }
        synchronized (this) {
            runner = null;
            state = State.SCHEDULED;
        }
        return true;
    }

    private synchronized boolean begin() {
        if (state != State.SCHEDULED) {
            return false;
        }
        state = State.RUNNING;
        runner = Thread.currentThread();
        return true;
    }

    /** Returns the next work that need not wait; if there is none, it is over for this time. */
    private synchronized @Nullable Work next() {
        Work work = waiting.pollFirst();
        while (work instanceof FrameWork && !held.isEmpty()) {
            held.addLast(work);
            work = waiting.pollFirst();
        }
        if (work == null) {
            runner = null;
            state = State.IDLE;
        }
        return work;
    }

    private static boolean runSafely(Work work) {
        try {
            return work.run();
        } catch (Throwable broken) {
            log.error("work of a session failed", broken);
            return true;
        }
    }

    private void hold(Work work) {
        synchronized (this) {
            held.addLast(work);
        }
        if (mayResume.getAsBoolean()) {
            // What it waits for came before it was held.
            takeUpHeld();
        }
    }

    private synchronized void takeUpHeld() {
        Work work;
        while ((work = held.pollLast()) != null) {
            waiting.addFirst(work);
        }
    }
}
