package io.millrace.client.request;

import io.millrace.core.NotSentException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The client had no connection for a request, or for who wanted to borrow one. Nothing was sent.
 *
 * <p>Threading: Immutable, but for what every exception can be told.
 */
public final class RequestRefusedException extends NotSentException {
    /** Why there was no connection. */
    public enum Reason {
        /** As many connections as may be are in use, and as many callers wait for one as {@code maxWaiting} allows. */
        CONNECTIONS_EXHAUSTED,

        /**
         * As many requests are in progress as {@code maxRequests} allows; or those that wait for a connection hold as much
         * memory as {@code sendLimit} allows.
         */
        TOO_MANY_REQUESTS,

        /** Connecting failed at every endpoint that was tried; the cause tells how it failed last. */
        NO_CONNECTION,

        /** The caller's time was over before a connection was free or made; the cause tells what went wrong, if anything. */
        TIMED_OUT,

        /** The client has given up connecting, after as many attempts as it may make. */
        GAVE_UP,

        /** The client is closed, or was closed meanwhile. */
        CLOSED
    }

    private static final long serialVersionUID = 1;

    /** Why there was no connection. */
    private final Reason reason;

    /**
     * Makes an exception without a cause.
     *
     * @param reason why there was no connection
     * @param message the same for people: the limit, its value, and what to do about it
     */
    public RequestRefusedException(Reason reason, String message) {
        this(reason, message, null);
    }

    /**
     * Makes an exception with a cause.
     *
     * @param reason why there was no connection
     * @param message the same for people: the limit, its value, and what to do about it
     * @param cause how connecting failed last, if it did
     */
    public RequestRefusedException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /**
     * Returns why there was no connection.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
