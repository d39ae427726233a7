package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.CloseReason.Kind;
import org.junit.jupiter.api.Test;

class CloseReasonTest {
    @Test
    void reasonShowsKindAndDetail() {
        CloseReason reason = CloseReason.of(Kind.PEER, "the peer closed");
        assertEquals("PEER (the peer closed)", reason.toString());
        assertEquals(Kind.PEER, reason.kind());
        assertEquals("the peer closed", reason.detail());
        assertNull(reason.cause());
    }

    @Test
    void causeIsKept() {
        Exception cause = new Exception("on purpose");
        assertSame(cause, CloseReason.of(Kind.IO, "broken", cause).cause());
        assertThrows(NullPointerException.class, () -> CloseReason.of(Kind.IO, "broken", null));
    }

    @Test
    void sessionClosedExceptionSaysWhyAndWhetherItMayHaveBeenSent() {
        Exception cause = new Exception("on purpose");
        CloseReason reason = CloseReason.of(Kind.RESET, "gone", cause);
        SessionClosedException maybe = new SessionClosedException(reason, true);
        assertEquals("session closed: RESET (gone); the message may have been sent", maybe.getMessage());
        assertSame(cause, maybe.getCause());
        assertSame(reason, maybe.reason());
        assertEquals("session closed: RESET (gone); not sent", new SessionClosedException(reason, false).getMessage());
    }

    @Test
    void onlyAcceptedAndCongestedAreOnTheirWay() {
        assertEquals(true, SendResult.ACCEPTED.isAccepted());
        assertEquals(true, SendResult.CONGESTED.isAccepted());
        assertEquals(false, SendResult.REFUSED.isAccepted());
        assertEquals(false, SendResult.CLOSED.isAccepted());
    }
}
