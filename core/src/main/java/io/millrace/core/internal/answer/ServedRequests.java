package io.millrace.core.internal.answer;

import io.millrace.core.ErrorEncoder;
import io.millrace.core.RequestHandler;
import io.millrace.core.RequestHandler.Processor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How all sessions of a server or client answer the requests of their peers: who does, how many at once, and what
 * became of them.
 *
 * <p>Threading: Thread-safe.
 */
public final class ServedRequests {
    private final RequestHandler handler;
    /** The handler, if it answers every request at once. */
    private final @Nullable Processor processor;

    private final @Nullable ErrorEncoder errorEncoder;
    private final boolean byToken;
    private final int sessionLimit;
    private final int keptLimitBytes;
    private final int totalLimit;
    private final RequestMeter meter = new RequestMeter();

    // Counted only if there is a total limit: every thread would have to agree on it.
    private final AtomicInteger inProgress = new AtomicInteger();

    /**
     * Tells how requests are answered.
     *
     * @param handler who answers them
     * @param errorEncoder makes replies of errors where the protocol has none; null to close instead
     * @param byToken whether replies have tokens, so that their order is free
     * @param limits how many requests may be in progress
     */
    public ServedRequests(RequestHandler handler, @Nullable ErrorEncoder errorEncoder, boolean byToken, Limits limits) {
        this.handler = handler;
        this.processor = handler.processor();
        this.errorEncoder = errorEncoder;
        this.byToken = byToken;
        this.sessionLimit = limits.ofSession;
        this.keptLimitBytes = limits.keptBytes;
        this.totalLimit = limits.inAll;
    }

    /**
     * How many requests may be in progress.
     *
     * @param ofSession of one session
     * @param keptBytes how many bytes of replies one session keeps until their turn comes
     * @param inAll of all sessions together; 0 for no limit
     */
    public record Limits(int ofSession, int keptBytes, int inAll) {}

    RequestHandler handler() {
        return handler;
    }

    @Nullable
    Processor processor() {
        return processor;
    }

    @Nullable
    ErrorEncoder errorEncoder() {
        return errorEncoder;
    }

    boolean isByToken() {
        return byToken;
    }

    int sessionLimit() {
        return sessionLimit;
    }

    int keptLimitBytes() {
        return keptLimitBytes;
    }

    int totalLimit() {
        return totalLimit;
    }

    /** {@return the counters} */
    public RequestMeter meter() {
        return meter;
    }

    /** Takes a place for a request; returns false if all are taken. */
    boolean tryEnter() {
        if (totalLimit > 0 && inProgress.incrementAndGet() > totalLimit) {
            inProgress.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives places back. */
    void leave(int count) {
        if (totalLimit > 0) {
            inProgress.addAndGet(-count);
        }
    }
}
