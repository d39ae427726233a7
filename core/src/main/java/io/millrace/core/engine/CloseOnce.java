package io.millrace.core.engine;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Closes something once, whoever asks and however often, where waiting is allowed.
 *
 * <p>Threading: Thread-safe.
 */
public final class CloseOnce {
    private final IoRuntime runtime;
    private final AtomicBoolean started = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);

    /**
     * Makes the guard of something that is open.
     *
     * @param runtime its group, for a thread to wait on
     */
    public CloseOnce(IoRuntime runtime) {
        this.runtime = runtime;
    }

    /**
     * Closes, or waits for the close that somebody else has started. On an I/O or timer thread it starts the close and
     * returns.
     *
     * @param atOnce what has to be done first, and never waits
     * @param waiting what may wait; must not throw
     */
    public void close(Runnable atOnce, Runnable waiting) {
        if (started.compareAndSet(false, true)) {
            atOnce.run();
            runtime.runWhereWaitingIsAllowed(() -> {
                try {
                    waiting.run();
                } finally {
                    done.countDown();
                }
            });
        } else if (!IoRuntime.mustNotBlock()) {
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Returns whether a close has started.
     *
     * @return true from then on
     */
    public boolean hasStarted() {
        return started.get();
    }

    /**
     * Waits until the close that somebody has started, or will start, is done.
     *
     * @throws InterruptedException if the waiting thread is interrupted
     * @throws IllegalStateException on an I/O or timer thread, which must not wait
     */
    public void await() throws InterruptedException {
        if (IoRuntime.mustNotBlock()) {
            throw new IllegalStateException("this would block an I/O thread: call it from another one");
        }
        done.await();
    }
}
