package io.millrace.core.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Runs the steps of one session one at a time, in a constant depth of stack, on the I/O threads of its group.
 *
 * <p>Threading: {@link #signal} is thread-safe. {@link #step} is confined to one session: calls never overlap, the
 * thread may change; each call happens-before the next.
 *
 * <p>Errors: a throw from {@link #step} goes to {@link #stepFailed} and never further.
 */
public abstract class SerialRunner {
    /*
     * The problem: completions, timers, application threads and the session's own callbacks all want to move the same
     * session along, at the same time and some of them nested in each other's calls.
     *
     * The answer: they only say what happened, as a bit in one atomic word. Who turns the word from IDLE to anything
     * has the duty to get the runner run; everyone else is done.
     *
     *              signal (first)                 runPending
     *     IDLE ---------------------> SCHEDULED ------------> RUNNING <---+
     *      ^                          (bits set)              |    |      |  bits were set meanwhile:
     *      |                                                  |    +------+  take them, step again
     *      +--------------------------------------------------+
     *                          no bits: done
     *
     * No lost wake-up: RUNNING turns to IDLE only by a compare-and-set that fails if a bit came in.
     * No recursion: a completion inside step() finds RUNNING, leaves its bit and returns; the loop goes on with it.
     * No lock is held, so nothing here can deadlock.
     */
    private static final int IDLE = 0;
    private static final int RUNNING = 1 << 31;
    private static final VarHandle SIGNALS;

    static {
        try {
            SIGNALS = MethodHandles.lookup().findVarHandle(SerialRunner.class, "signals", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final IoRuntime runtime;

    // Atomic: through the accessors at the end of this class only.
    @SuppressWarnings("unused")
    private volatile int signals;

    /**
     * Makes an idle runner.
     *
     * @param runtime whose I/O threads run the steps
     */
    protected SerialRunner(IoRuntime runtime) {
        this.runtime = runtime;
    }

    /**
     * Returns the runtime whose I/O threads run the steps.
     *
     * @return the runtime
     */
    protected final IoRuntime runtime() {
        return runtime;
    }

    /**
     * Says that something happened. A step follows that sees this signal: on this thread if it is an I/O thread of
     * the group (now, or as soon as the step that is running has ended), on another one otherwise.
     *
     * @param bits what happened: any bits but the highest
     */
    protected final void signal(int bits) {
        if (getAndAddSignals(bits) == IDLE) {
            runtime.dispatch(this);
        }
    }

    /**
     * Moves the session along.
     *
     * @param bits all that has been signalled since the last step; 0 is possible
     */
    protected abstract void step(int bits);

    /**
     * Hears of a throw from {@link #step}. Must not throw.
     *
     * @param failure what was thrown
     */
    protected abstract void stepFailed(Throwable failure);

    final void runPending(Turn turn) {
        do {
            turn.stepped();
            int bits = takeSignals();
            try {
                step(bits);
            } catch (Throwable failure) {
                stepFailed(failure);
            }
            // Another thread may run the next step, and what that sends comes behind what this one has sent.
            turn.stage().clear();
        } while (!tryBecomeIdle());
    }

    private int getAndAddSignals(int bits) {
        return (int) SIGNALS.getAndBitwiseOr(this, bits);
    }

    private int takeSignals() {
        return (int) SIGNALS.getAndSet(this, RUNNING) & ~RUNNING;
    }

    private boolean tryBecomeIdle() {
        return SIGNALS.compareAndSet(this, RUNNING, IDLE);
    }
}
