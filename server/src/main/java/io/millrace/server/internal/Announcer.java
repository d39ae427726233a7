package io.millrace.server.internal;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener the news, each once and in order, on a thread of its own: whoever has news waits for nobody.
 *
 * <p>Threading: Thread-safe. The listener is confined to one thread at a time.
 *
 * <p>Errors: what the listener throws is logged, and changes nothing.
 *
 * @param <T> what there is to tell
 */
public final class Announcer<T> {
    /*
     *             announce                        nothing left to tell
     *     IDLE -----------> TELLING (a thread) ------------------------> IDLE
     *
     * News is rare, so a thread comes when there is some and goes when all is told. It looks for more, and gives up
     * telling, under the lock that announce() holds, so that nothing is left untold.
     */
    private static final Logger log = LoggerFactory.getLogger(Announcer.class);

    private final String threadName;
    private final Consumer<? super T> listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition told = lock.newCondition();

    // Guarded by lock.
    private final ArrayDeque<T> news = new ArrayDeque<>();
    private @Nullable Thread teller;

    /**
     * Makes an announcer that has nothing to tell.
     *
     * @param threadName the name of its thread
     * @param listener whom to tell
     */
    public Announcer(String threadName, Consumer<? super T> listener) {
        this.threadName = threadName;
        this.listener = listener;
    }

    /**
     * Has something told, behind all that has been announced before.
     *
     * @param event what
     */
    public void announce(T event) {
        lock.lock();
        try {
            news.add(event);
            if (teller == null) {
                teller = new Thread(null, this::tellAll, threadName, 0, false);
                teller.setDaemon(false);
                teller.start();
            }
        } catch (OutOfMemoryError noThread) {
            teller = null;
            log.warn("listener is not told for want of a thread; news={} cause={}", news, noThread.toString());
        } finally {
            lock.unlock();
        }
    }

    private void tellAll() {
        T event;
        while ((event = next()) != null) {
            try {
                listener.accept(event);
            } catch (Throwable thrown) {
                log.warn("listener threw; event={}", event, thrown);
            }
        }
    }

    private @Nullable T next() {
        lock.lock();
        try {
            T event = news.poll();
            if (event == null) {
                teller = null;
                told.signalAll();
            }
            return event;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns whether the caller is the listener.
     *
     * @return true on the thread that tells
     */
    public boolean isTelling() {
        lock.lock();
        try {
            return teller == Thread.currentThread();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until all news is told. Not for the listener itself, nor for I/O threads.
     *
     * @param timeoutNanos how long at most, in nanoseconds
     * @throws InterruptedException if the wait is interrupted
     */
    public void awaitTold(long timeoutNanos) throws InterruptedException {
        long leftNanos = timeoutNanos;
        lock.lock();
        try {
            while (teller != null && leftNanos > 0) {
                leftNanos = told.awaitNanos(leftNanos);
            }
        } finally {
            lock.unlock();
        }
        if (leftNanos <= 0) {
            log.debug(
                    "listener has not returned; thread={} waitedMillis={}",
                    threadName,
                    TimeUnit.NANOSECONDS.toMillis(timeoutNanos));
        }
    }
}
