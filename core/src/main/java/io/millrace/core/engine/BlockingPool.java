package io.millrace.core.engine;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A few threads that come when there is something to read from files, and go when there is not. */
final class BlockingPool {
    /** Enough to keep a disk busy, too few to be in the way of the I/O threads. */
    private static final int THREADS = 4;

    /** How long a thread waits for the next file, in seconds. */
    private static final int IDLE_SECONDS = 5;

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
}
