package io.millrace.core.memory;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A pool of {@link IoContext}s that grows on demand up to a cap.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: lives as long as its group.
 *
 * <p>Ownership: a leased context belongs to its owner until it is released, exactly once.
 *
 * <p>Errors: at the cap the answer is null; nothing waits.
 */
public final class IoContextPool {
    private final int limit;
    private final @Nullable LeaseTracker tracker;

    // Guarded by this.
    private final ArrayDeque<IoContext> free = new ArrayDeque<>();
    private int leased;
    private int peak;

    /**
     * Makes an empty pool.
     *
     * @param limit the most contexts leased at once; at least 1
     */
    public IoContextPool(int limit) {
        this(limit, null);
    }

    /**
     * Makes an empty pool that can be watched.
     *
     * @param limit the most contexts leased at once; at least 1
     * @param tracker remembers where contexts are leased and released; or null, which costs nothing. With it a
     *     context is leased once and then dropped, so that a late callback never meets a newer owner
     */
    public IoContextPool(int limit, @Nullable LeaseTracker tracker) {
        if (limit < 1) {
            throw new IllegalArgumentException("context limit is " + limit + "; it must be at least 1");
        }
        this.limit = limit;
        this.tracker = tracker;
    }

    /**
     * Makes contexts that will be leased later.
     *
     * @param count how many must be there, leased ones included; at most the cap
     */
    public synchronized void preallocate(int count) {
        if (count > limit) {
            throw new IllegalArgumentException("context count is " + count + "; it must be at most " + limit);
        }
        while (leased + free.size() < count) {
            free.addLast(new IoContext());
        }
    }

    /**
     * Leases a context.
     *
     * @param owner who leases it; what {@link IoContext#owner} answers from now on
     * @return a context with no operation in flight, or null if the cap is reached
     */
    public synchronized @Nullable IoContext tryAcquire(Object owner) {
        if (leased == limit) {
            return null;
        }
        IoContext context = free.pollLast();
        if (context == null) {
            context = new IoContext();
        }
        context.lease(owner);
        if (tracker != null) {
            tracker.acquired(context);
        }
        leased++;
        peak = Math.max(peak, leased);
        return context;
    }

    /**
     * Takes a context back.
     *
     * @param context a leased context with no operation in flight
     * @throws IllegalStateException if it is not leased, or an operation is in flight
     */
    public synchronized void release(IoContext context) {
        context.requireReleasable();
        if (tracker != null) {
            tracker.released(context);
        }
        context.unlease();
        if (tracker == null) {
            free.addLast(context);
        }
        leased--;
    }

    /**
     * Returns how many contexts are leased now.
     *
     * @return contexts leased
     */
    public synchronized int leased() {
        return leased;
    }

    /**
     * Returns the most contexts ever leased at once.
     *
     * @return the peak
     */
    public synchronized int peak() {
        return peak;
    }
}
