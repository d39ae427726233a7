package io.millrace.core.engine;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Closes something once, whoever asks and however often, where waiting is allowed.
 *
 * <p>Threading: Thread-safe.
 */
public final class CloseOnce {
    private final IoRuntime runtime;
    private final AtomicBoolean started = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);

    // Written by the thread that closes; any thread may read it, to ask only whether it is itself that one.
    private @Nullable Thread closer;

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
     * <p>What closes a part of something that closes it in turn must not wait for the whole, which waits for the part:
     * that is what {@code afterwards} is for. The same thread asking again never waits.
     *
     * @param atOnce what has to be done first, and never waits
     * @param waiting what may wait; must not throw
     * @param afterwards what may wait, too, but nobody who asks waits for; must not throw
     */
    public void close(Runnable atOnce, Runnable waiting, Runnable afterwards) {
        if (started.compareAndSet(false, true)) {
            try {
                atOnce.run();
            } finally {
                runtime.runWhereWaitingIsAllowed(() -> {
                    closer = Thread.currentThread();
                    try {
                        waiting.run();
                    } finally {
                        done.countDown();
                    }
                    afterwards.run();
                });
            }
        } else if (!IoRuntime.mustNotBlock() && closer != Thread.currentThread()) {
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
