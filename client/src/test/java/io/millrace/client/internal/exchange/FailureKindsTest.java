package io.millrace.client.internal.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.CloseReason;
import io.millrace.core.ConnectTimeoutException;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.NotSentException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FailureKindsTest {
    private static void expect(Kind kind, TransportException failure) {
        assertEquals(kind, FailureKinds.of(failure), failure.toString());
    }

    @Test
    void refusalsAreTheirReason() {
        Map<Reason, Kind> kinds = Map.of(
                Reason.CONNECTIONS_EXHAUSTED, Kind.CONNECTIONS_EXHAUSTED,
                Reason.TOO_MANY_REQUESTS, Kind.TOO_MANY_REQUESTS,
                Reason.NO_CONNECTION, Kind.NOT_CONNECTED,
                Reason.GAVE_UP, Kind.NOT_CONNECTED,
                Reason.TIMED_OUT, Kind.TIMED_OUT,
                Reason.CLOSED, Kind.CLOSED);
        for (Reason reason : Reason.values()) {
            expect(kinds.get(reason), new RequestRefusedException(reason, "on purpose"));
        }
    }

    @Test
    void closedSessionsAreLostOnlyIfTheRequestMayHaveBeenWritten() {
        for (CloseReason.Kind kind : CloseReason.Kind.values()) {
            CloseReason reason = CloseReason.of(kind, "on purpose");
            boolean shutdown = kind == CloseReason.Kind.SHUTDOWN;
            expect(shutdown ? Kind.CLOSED : Kind.LOST, new SessionClosedException(reason, true));
            expect(shutdown ? Kind.CLOSED : Kind.NOT_SENT, new SessionClosedException(reason, false));
        }
    }

    @Test
    void answersAreErrorsWhateverTheirNumber() {
        for (int code :
                List.of(ErrorCode.BUSY, ErrorCode.DRAINING, ErrorCode.HANDLER, ErrorCode.FIRST_OF_APPLICATION)) {
            expect(Kind.ERROR_REPLY, new ErrorReplyException(code, "on purpose"));
        }
    }

    @Test
    void otherFailuresAreTheirTypes() {
        expect(Kind.TIMED_OUT, new RequestTimeoutException("on purpose"));
        expect(Kind.UNREADABLE_REPLY, new MalformedFrameException("on purpose"));
        expect(Kind.UNREADABLE_REPLY, new FrameTooLongException("on purpose", 2, 1));
        expect(Kind.NOT_SENT, new NotSentException("on purpose"));
        expect(Kind.LOST, new TransportException("on purpose"));
        expect(Kind.NOT_CONNECTED, new ConnectTimeoutException(List.of(), "on purpose", null));
    }
}
