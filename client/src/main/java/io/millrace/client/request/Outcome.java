package io.millrace.client.request;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.TransportException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How one request ended: with a reply, or why without. Every request has exactly one.
 *
 * <p>Threading: Immutable, as far as the reply is.
 *
 * <p>Lifecycle: made by the client when the request has ended; nothing to close.
 *
 * <p>Ownership: the reply is the caller's.
 *
 * <p>Errors: failures are values here; {@link #orThrow()} makes exceptions of them.
 *
 * @param <R> what replies are to the application
 */
public final class Outcome<R> {
    /** The ways in which a request ends. */
    public enum Kind {
        /** The reply came: {@link Outcome#reply()}. */
        REPLIED,

        /** The server answered with an error; {@link Outcome#failure()} is an {@link io.millrace.core.ErrorReplyException}. */
        ERROR_REPLY,

        /** A reply came, but the codec refused it, or there was no memory for it. */
        UNREADABLE_REPLY,

        /** The time was over: with no reply, or before a connection was had; {@link Outcome#maybeSent()} tells. */
        TIMED_OUT,

        /** The connection was lost after the request may have been sent, so it may have been done. */
        LOST,

        /** No connection could be made; the failure's cause tells why. */
        NOT_CONNECTED,

        /** As many connections as may be were in use, and as many callers as may waited for one. */
        CONNECTIONS_EXHAUSTED,

        /** As many requests as may be were in progress, or those that waited for a connection held too much memory. */
        TOO_MANY_REQUESTS,

        /** Certainly not sent for another reason: a full queue, a connection that drained or broke before the write. */
        NOT_SENT,

        /** The caller has cancelled it. */
        CANCELLED,

        /** The client was closed. */
        CLOSED
    }

    private final Kind kind;
    private final @Nullable R reply;
    private final @Nullable TransportException failure;
    private final Route route;

    private Outcome(Kind kind, @Nullable R reply, @Nullable TransportException failure, Route route) {
        this.kind = kind;
        this.reply = reply;
        this.failure = failure;
        this.route = route;
    }

    /**
     * Makes the outcome of a request that was answered.
     *
     * @param reply the reply
     * @param route how the request went
     * @param <R> what replies are to the application
     * @return the outcome, {@link Kind#REPLIED}
     */
    public static <R> Outcome<R> replied(R reply, Route route) {
        return new Outcome<>(Kind.REPLIED, Objects.requireNonNull(reply, "reply"), null, route);
    }

    /**
     * Makes the outcome of a request that failed.
     *
     * @param kind in which way; anything but {@link Kind#REPLIED}
     * @param failure why
     * @param route how the request went
     * @param <R> what replies are to the application
     * @return the outcome
     * @throws IllegalArgumentException if the kind is that of a reply
     */
    public static <R> Outcome<R> failed(Kind kind, TransportException failure, Route route) {
        if (kind == Kind.REPLIED) {
            throw new IllegalArgumentException("kind is REPLIED; it must be one of a failure: " + failure);
        }
        return new Outcome<>(kind, null, Objects.requireNonNull(failure, "failure"), route);
    }

    /** {@return in which way the request ended} */
    public Kind kind() {
        return kind;
    }

    /** {@return whether there is a reply that could be read} */
    public boolean isReply() {
        return kind == Kind.REPLIED;
    }

    /** {@return the reply, or null if there is none} */
    public @Nullable R reply() {
        return reply;
    }

    /** {@return why there is no reply, or null if there is one} */
    public @Nullable TransportException failure() {
        return failure;
    }

    /**
     * Returns the reply, or throws why there is none.
     *
     * @return the reply
     * @throws TransportException the failure
     */
    public R orThrow() throws TransportException {
        R given = reply;
        if (given != null) {
            return given;
        }
        TransportException reason = failure;
        throw reason != null ? reason : new TransportException("no reply: " + kind);
    }

    /**
     * Returns whether the request may have reached the server, in any of its attempts.
     *
     * @return false only if certainly no byte of it did, so that asking again cannot do its work twice
     */
    public boolean maybeSent() {
        TransportException reason = failure;
        return reason == null || reason.maybeSent();
    }

    /** {@return where the request was given to a connection last, or null if it never was} */
    public @Nullable Endpoint endpoint() {
        return route.endpoint();
    }

    /** {@return how the request came by that connection, or null if it had none} */
    public @Nullable ConnectionUse connectionUse() {
        return route.use();
    }

    /** {@return how often the request was given to a connection; 0 if it had none} */
    public int attempts() {
        return route.attempts();
    }

    /**
     * Returns what clients of the original were told of the connection.
     *
     * @return one of their five cases
     */
    public SendStatus sendStatus() {
        ConnectionUse use = route.use();
        if (use == null) {
            return switch (kind) {
                case TOO_MANY_REQUESTS -> SendStatus.TOO_MANY_REQUESTS;
                case NOT_CONNECTED -> SendStatus.OPENED;
                default -> SendStatus.CONNECTIONS_EXHAUSTED;
            };
        }
        return switch (use) {
            case REUSED -> SendStatus.REUSED;
            case REUSED_AFTER_WAITING -> SendStatus.REUSED_AFTER_WAITING;
            case OPENED -> SendStatus.OPENED;
        };
    }

    /**
     * Returns what clients of the original were told of the request.
     *
     * @return {@code socket:ok}, {@code socket:timeout}, {@code socket:connection exhaust},
     *     {@code socket:too many request}, {@code socket:error_for_return_data_null} if the connection was lost or could
     *     not be made, or {@code err:} and the failure's message
     */
    public String statusText() {
        return switch (kind) {
            case REPLIED -> "socket:ok";
            case TIMED_OUT -> "socket:timeout";
            case CONNECTIONS_EXHAUSTED -> "socket:connection exhaust";
            case TOO_MANY_REQUESTS -> "socket:too many request";
            case LOST, NOT_CONNECTED -> "socket:error_for_return_data_null";
            case ERROR_REPLY, UNREADABLE_REPLY, NOT_SENT, CANCELLED, CLOSED -> "err:" + message();
        };
    }

    private @Nullable String message() {
        TransportException reason = failure;
        return reason == null ? null : reason.getMessage();
    }

    @Override
    public String toString() {
        return "Outcome[kind=" + kind + ", " + (failure == null ? "" : "failure=" + message() + ", ") + "maybeSent="
                + maybeSent() + ", " + route + "]";
    }

    /**
     * How a request went.
     *
     * <p>Threading: Immutable.
     *
     * @param endpoint where it was given to a connection last, or null if it never was
     * @param use how it came by that connection, or null
     * @param attempts how often it was given to one
     */
    public record Route(@Nullable Endpoint endpoint, @Nullable ConnectionUse use, int attempts) {
        /** The route of a request that had no connection. */
        public static final Route NONE = new Route(null, null, 0);

        @Override
        public String toString() {
            return "endpoint=" + endpoint + ", use=" + use + ", attempts=" + attempts;
        }
    }
}
