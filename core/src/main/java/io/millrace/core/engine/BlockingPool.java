package io.millrace.core.engine;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A few threads that come when there is something to do that may block, such as reading files, and go when there is not. */
final class BlockingPool {
    /** Enough to keep a disk busy, too few to be in the way of the I/O threads. */
    private static final int THREADS = 4;

    /** How long a thread waits for the next file, in seconds. */
    private static final int IDLE_SECONDS = 5;

    /** What can wait waits this long: until the first connections that come after a start have been served. */
    private static final long LATER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private BlockingPool() {}

    static ThreadPoolExecutor start(String groupName) {
        AtomicInteger made = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(null, task, groupName + "-file-" + made.incrementAndGet(), 0, false);
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Runs a task a second from now, or not at all if the group ends before. */
    static void executeLater(ThreadPoolExecutor pool, Deadlines deadlines, Runnable task) {
        deadlines.arm(new Later(pool, task), LATER_NANOS);
    }

    /** A task that waits for its time. */
    private static final class Later extends Deadlines.Deadline {
        private final ThreadPoolExecutor pool;
        private final Runnable task;

        Later(ThreadPoolExecutor pool, Runnable task) {
            this.pool = pool;
            this.task = task;
        }

        @Override
        protected void expired() {
            try {
                pool.execute(task);
            } catch (RejectedExecutionException ended) {
                // The group ends, and nobody waits for this.
            }
        }
    }
}
