package io.millrace.client.request;

import io.millrace.core.config.Ranges;
import java.time.Duration;

/**
 * How one request is made: within what time, and whether making it twice does harm.
 *
 * <pre>{@code
 * client.exchange(payload, RequestOptions.within(Duration.ofSeconds(1)).idempotent());
 * }</pre>
 *
 * <p>Threading: Immutable. A constant is a good place for one.
 *
 * <p>Lifecycle: none. Ownership: holds no buffers.
 *
 * <p>Errors: what cannot be is an {@link IllegalArgumentException} that names the value and what is allowed.
 */
public final class RequestOptions {
    /** What {@link #maxAttempts()} says if the client's own limit holds. */
    public static final int ATTEMPTS_OF_CLIENT = 0;

    private final Duration timeout;
    private final boolean idempotent;
    private final int maxAttempts;

    private RequestOptions(Duration timeout, boolean idempotent, int maxAttempts) {
        this.timeout = timeout;
        this.idempotent = idempotent;
        this.maxAttempts = maxAttempts;
    }

    /**
     * Returns options of a request that is made at most once.
     *
     * @param timeout how long everything may take together: waiting for a connection, connecting, sending, the reply,
     *     and making the request again; more than zero, longer than a year counts as a year
     * @return the options
     * @throws IllegalArgumentException if the timeout is not positive
     */
    public static RequestOptions within(Duration timeout) {
        Ranges.positiveNanos("timeout", timeout);
        // Kept as it is: most requests have options of their own.
        Duration atMost = timeout.compareTo(Ranges.LONGEST) > 0 ? Ranges.LONGEST : timeout;
        return new RequestOptions(atMost, false, ATTEMPTS_OF_CLIENT);
    }

    /**
     * Returns these options for a request that the server may be asked twice without harm. It is made again also if its
     * connection is lost after it may have been sent; within its time, its attempts and the retry budget.
     *
     * @return the options
     */
    public RequestOptions idempotent() {
        return new RequestOptions(timeout, true, maxAttempts);
    }

    /**
     * Returns these options with a limit of their own on how often the request is given to a connection.
     *
     * @param attempts from 1, which is no retry, to {@value RetryConfig#MOST_ATTEMPTS}
     * @return the options
     * @throws IllegalArgumentException if the number cannot be
     */
    public RequestOptions maxAttempts(int attempts) {
        Ranges.require("maxAttempts", attempts, 1, RetryConfig.MOST_ATTEMPTS, "attempts");
        return new RequestOptions(timeout, idempotent, attempts);
    }

    /** {@return how long everything may take together} */
    public Duration timeout() {
        return timeout;
    }

    /** {@return whether the server may be asked twice; false by default} */
    public boolean isIdempotent() {
        return idempotent;
    }

    /**
     * Returns how often the request is given to a connection at most.
     *
     * @return attempts, or {@link #ATTEMPTS_OF_CLIENT}, the default
     */
    public int maxAttempts() {
        return maxAttempts;
    }

    @Override
    public String toString() {
        return "RequestOptions[timeout=" + timeout + ", idempotent=" + idempotent + ", maxAttempts="
                + (maxAttempts == ATTEMPTS_OF_CLIENT ? "client's" : maxAttempts) + "]";
    }
}
