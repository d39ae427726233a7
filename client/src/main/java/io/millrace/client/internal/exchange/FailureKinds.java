package io.millrace.client.internal.exchange;

import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.core.CloseReason;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;

/** Finds the kind of outcome that a failure is, by its type. */
final class FailureKinds {
    private FailureKinds() {}

    static Outcome.Kind of(TransportException failure) {
        if (failure instanceof RequestRefusedException refused) {
            return of(refused.reason());
        }
        if (failure instanceof ConnectFailedException) {
            return Kind.NOT_CONNECTED;
        }
        if (failure instanceof ErrorReplyException) {
            return Kind.ERROR_REPLY;
        }
        if (failure instanceof RequestTimeoutException) {
            return Kind.TIMED_OUT;
        }
        if (failure instanceof MalformedFrameException) {
            return Kind.UNREADABLE_REPLY;
        }
        if (failure instanceof SessionClosedException closed && closed.reason().kind() == CloseReason.Kind.SHUTDOWN) {
            return Kind.CLOSED;
        }
        return failure.maybeSent() ? Kind.LOST : Kind.NOT_SENT;
    }

    private static Outcome.Kind of(RequestRefusedException.Reason reason) {
        return switch (reason) {
            case CONNECTIONS_EXHAUSTED -> Kind.CONNECTIONS_EXHAUSTED;
            case TOO_MANY_REQUESTS -> Kind.TOO_MANY_REQUESTS;
            case NO_CONNECTION, GAVE_UP -> Kind.NOT_CONNECTED;
            case TIMED_OUT -> Kind.TIMED_OUT;
            case CLOSED -> Kind.CLOSED;
        };
    }
}
