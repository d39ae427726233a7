package io.millrace.client.request;

import io.millrace.core.config.Ranges;
import java.time.Duration;

/**
 * How a batch of requests is sent: within what time, how many at once, and what becomes of the rest when one fails.
 *
 * <p>All of a batch goes over one connection, in the order of the list. By default each is sent when the reply to the
 * one before has come, the batch goes on after one that failed, and what is not sent when the connection is lost fails.
 *
 * <p>Threading: Immutable. A constant is a good place for one.
 *
 * <p>Lifecycle: none. Ownership: holds no buffers.
 *
 * <p>Errors: what cannot be is an {@link IllegalArgumentException} that names the value and what is allowed.
 */
public final class BatchOptions {
    /** How many requests of a pipelined batch are in flight by default: 128. */
    public static final int DEFAULT_PIPELINED = 128;

    /** The most requests of a batch in flight that can be set: 16,384, as many as a connection has at most. */
    public static final int MOST_IN_FLIGHT = 16_384;

    private final Duration timeout;
    private final int inFlight;
    private final boolean mayMove;
    private final boolean stopOnFailure;

    private BatchOptions(Duration timeout, int inFlight, boolean mayMove, boolean stopOnFailure) {
        this.timeout = timeout;
        this.inFlight = inFlight;
        this.mayMove = mayMove;
        this.stopOnFailure = stopOnFailure;
    }

    /**
     * Returns options of a strict batch: send, reply, next.
     *
     * @param timeout how long the whole batch may take, connecting included; more than zero, longer than a year counts
     *     as a year. Whatever has no reply by then ends as {@link Outcome.Kind#TIMED_OUT}
     * @return the options
     * @throws IllegalArgumentException if the timeout is not positive
     */
    public static BatchOptions within(Duration timeout) {
        return new BatchOptions(Duration.ofNanos(Ranges.positiveNanos("timeout", timeout)), 1, false, false);
    }

    /** {@return these options for a batch of which up to {@value #DEFAULT_PIPELINED} requests are in flight} */
    public BatchOptions pipelined() {
        return pipelined(DEFAULT_PIPELINED);
    }

    /**
     * Returns these options for a batch that does not wait for each reply. Over a protocol that has one request in
     * flight the batch is strict all the same.
     *
     * @param requests how many may be in flight at once; from 1, which is strict, to {@value #MOST_IN_FLIGHT}
     * @return the options
     * @throws IllegalArgumentException if the number cannot be
     */
    public BatchOptions pipelined(int requests) {
        Ranges.require("pipelined", requests, 1, MOST_IN_FLIGHT, "requests");
        return new BatchOptions(timeout, requests, mayMove, stopOnFailure);
    }

    /**
     * Returns these options for a batch whose unsent requests go to another connection when theirs is lost or drains.
     * Each move counts as a retry, so {@link RetryConfig} bounds them. What may have been sent never moves.
     *
     * @return the options
     */
    public BatchOptions mayMove() {
        return new BatchOptions(timeout, inFlight, true, stopOnFailure);
    }

    /**
     * Returns these options for a batch that ends with the first request that fails in any way: what is not sent then
     * ends as {@link Outcome.Kind#NOT_SENT}; what is in flight still has its outcome.
     *
     * @return the options
     */
    public BatchOptions stopOnFailure() {
        return new BatchOptions(timeout, inFlight, mayMove, true);
    }

    /** {@return how long the whole batch may take} */
    public Duration timeout() {
        return timeout;
    }

    /** {@return how many requests may be in flight at once; 1 by default, which is strict} */
    public int inFlight() {
        return inFlight;
    }

    /** {@return whether unsent requests may go to another connection; false by default} */
    public boolean isMovable() {
        return mayMove;
    }

    /** {@return whether nothing more is sent after one that failed; false by default} */
    public boolean stopsOnFailure() {
        return stopOnFailure;
    }

    @Override
    public String toString() {
        return "BatchOptions[timeout=" + timeout + ", inFlight=" + inFlight + ", mayMove=" + mayMove
                + ", stopOnFailure=" + stopOnFailure + "]";
    }
}
