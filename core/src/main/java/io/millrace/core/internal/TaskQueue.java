package io.millrace.core.internal;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What is to be done between the other callbacks of a session, in order. */
final class TaskQueue {
    /** The most tasks of the application's that may wait. */
    static final int LIMIT = 65_536;

    // Guarded by this. Made when the first task comes, for most sessions never get one.
    private @Nullable ArrayDeque<Runnable> tasks;
    private boolean closed;
    private int notBegun;

    /** Adds a task of the framework's own, which is bounded by other means. */
    synchronized void add(Runnable task) {
        ArrayDeque<Runnable> waiting = tasks;
        if (waiting == null) {
            waiting = new ArrayDeque<>();
            tasks = waiting;
        }
        waiting.addLast(task);
    }

    /** Adds a task of the application's, unless the queue is closed or too many have not begun yet. */
    synchronized boolean tryAdd(Runnable task) {
        if (closed || notBegun >= LIMIT) {
            return false;
        }
        notBegun++;
        add(() -> {
            begun();
            task.run();
        });
        return true;
    }

    /** A task counts until it runs: polled, it may still wait for the application's executor. */
    private synchronized void begun() {
        notBegun--;
    }

    synchronized @Nullable Runnable poll() {
        return tasks == null ? null : tasks.pollFirst();
    }

    /** Lets no task in any more; what waits can still be polled. */
    synchronized void close() {
        closed = true;
    }

    synchronized boolean isClosed() {
        return closed;
    }
}
