package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.CloseReason;
import io.millrace.core.NotSentException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says why there is no connection: what the limit or the failure was, and what to do about it. */
final class PoolFailures {
    private PoolFailures() {}

    static RequestRefusedException closed() {
        return new RequestRefusedException(Reason.CLOSED, "the client is closed");
    }

    static RequestRefusedException exhausted(PoolPlan plan, int waiting) {
        return new RequestRefusedException(
                Reason.CONNECTIONS_EXHAUSTED,
                "not sent: all connections are in use (maxConnections is "
                        + plan.config().maxConnections() + ", maxConnectionsPerEndpoint "
                        + plan.config().maxConnectionsPerEndpoint() + ") and " + waiting
                        + " callers wait for one already, as many as maxWaiting allows: raise one of them, or ask less");
    }

    static RequestRefusedException tooMuchWaits(PoolPlan plan, long bytes) {
        return new RequestRefusedException(
                Reason.TOO_MANY_REQUESTS,
                "not sent: " + bytes + " bytes of requests wait for the connection already; the limit is sendLimit, "
                        + plan.waitingLimitBytes() + ": raise it, or ask less");
    }

    static RequestRefusedException tooManyRequests(PoolPlan plan) {
        return new RequestRefusedException(
                Reason.TOO_MANY_REQUESTS,
                "not sent: " + plan.config().maxRequests()
                        + " requests are in progress, as many as maxRequests allows: raise it, or ask less");
    }

    /** The claim waited in vain: for its whole deadline, or as long as the pool lets anyone wait. */
    static TransportException waitedTooLong(PoolPlan plan, long waitedNanos, Slots slots) {
        TransportException last = slots.lastFailure();
        String why = slots.usable() == 0 && last != null ? "; last failure: " + last.getMessage() : "";
        String waited = "no connection to " + names(slots) + " was free or made within "
                + Duration.ofNanos(waitedNanos).toMillis() + " ms";
        if (waitedNanos < plan.acquireNanos()) {
            return new RequestTimeoutException(waited + ", so the request was not sent" + why, false);
        }
        return new RequestRefusedException(
                Reason.TIMED_OUT, "not sent: " + waited + ", which is acquireTimeout" + why, last);
    }

    /** The attempt for which everyone waited has failed, and there is no other. */
    static TransportException failed(Slots slots) {
        TransportException last = slots.lastFailure();
        return last != null && !last.maybeSent()
                ? last
                : new RequestRefusedException(
                        Reason.NO_CONNECTION,
                        "not sent: no connection to " + names(slots) + "; last failure: " + messageOf(last),
                        last);
    }

    /** Nothing is connected, and nothing is to be tried yet. */
    static TransportException down(Slots slots, long nowNanos) {
        TransportException last = slots.lastFailure();
        if (slots.all().isEmpty()) {
            return new RequestRefusedException(
                    Reason.NO_CONNECTION, "not sent: there is no endpoint to connect to", last);
        }
        long leftAlone = slots.all().stream()
                .mapToLong(slot -> slot.nanosLeftAlone(nowNanos))
                .min()
                .orElse(0);
        return new RequestRefusedException(
                Reason.NO_CONNECTION,
                "not sent: no connection to " + names(slots) + "; the next attempt is due in "
                        + Duration.ofNanos(leftAlone).toMillis() + " ms; last failure: " + messageOf(last),
                last);
    }

    static TransportException gaveUp(Slots slots) {
        return new RequestRefusedException(
                Reason.GAVE_UP,
                "not sent: the client has given up connecting to " + names(slots)
                        + ", after as many failures as giveUpAfter allows; reconnect() tries again; last failure: "
                        + messageOf(slots.lastFailure()),
                slots.lastFailure());
    }

    static TransportException endpointsUnknown(Throwable cause) {
        return new NotSentException("endpoints are not known: " + messageOf(cause), cause);
    }

    static TransportException lostAtOnce(Endpoint endpoint, @Nullable CloseReason reason) {
        return new NotSentException("the connection to " + endpoint + " did not last: " + reason);
    }

    static TransportException unanswered(Endpoint endpoint, int requests) {
        return new NotSentException(endpoint + " has not answered the last " + requests + " requests in time");
    }

    static TransportException unwrap(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof TransportException expected
                ? expected
                : new NotSentException("cannot connect: " + cause, cause);
    }

    private static String names(Slots slots) {
        return slots.all().stream().map(slot -> slot.endpoint().toString()).collect(Collectors.joining(", "));
    }

    static String messageOf(@Nullable Throwable failure) {
        if (failure == null) {
            return "none";
        }
        return failure.getMessage() != null ? failure.getMessage() : failure.toString();
    }
}
