package io.millrace.core.internal.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.RequestHandler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A handler that answers at once is asked without a reply object, and nobody can tell. */
class AnswersAtOnceTest {
    private static final int LIMIT = 3;
    private static final int KEPT_LIMIT_BYTES = 10;

    private final FakeSession session = new FakeSession();
    private final FakeOutlet outlet = new FakeOutlet(session);
    private final RequestHandler.Processor echo = request -> {
        String text = StandardCharsets.UTF_8.decode(request.duplicate()).toString();
        if (text.equals("throw")) {
            throw new IllegalStateException("on purpose");
        }
        return request;
    };

    private ServedRequests served(boolean byToken) {
        return new ServedRequests(
                RequestHandler.of(echo), null, byToken, new ServedRequests.Limits(LIMIT, KEPT_LIMIT_BYTES, 0));
    }

    private Responder ask(ServedRequests served, String... texts) {
        Responder responder = new Responder(session.asSession(), outlet, served);
        for (int token = 0; token < texts.length; token++) {
            responder.onRequest(token, ByteBuffer.wrap(texts[token].getBytes(StandardCharsets.UTF_8)));
        }
        return responder;
    }

    @Test
    void answersLeaveAtOnceAndAreCounted() {
        ServedRequests served = served(true);
        Responder responder = ask(served, "a", "b", "c", "d", "e");
        assertEquals(List.of("REPLY 0 a", "REPLY 1 b", "REPLY 2 c", "REPLY 3 d", "REPLY 4 e"), outlet.frames());
        assertEquals(0, outlet.unflushed());
        assertEquals(5, served.meter().stats().answered());
        assertEquals(0, served.meter().stats().inProgress());
        assertTrue(responder.isIdle());
    }

    @Test
    void withoutTokensAnswersAreMessages() {
        ask(served(false), "a", "b");
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 1 b"), outlet.frames());
    }

    @Test
    void requestWhoseHandlerThrowsGetsAnErrorAndTheNextAnAnswer() {
        ServedRequests served = served(true);
        ask(served, "throw", "a");
        assertEquals(List.of("ERROR 0 " + ErrorCode.HANDLER + " the handler failed", "REPLY 1 a"), outlet.frames());
        assertEquals(1, served.meter().stats().failed());
        assertEquals(0, served.meter().stats().inProgress());
    }

    @Test
    void answerThatFindsNoRoomIsAnErrorForNobodyCouldTryAgain() {
        ServedRequests served = served(true);
        outlet.refuseNext();
        Responder responder = ask(served, "a", "b");
        String noRoom = "ERROR 0 " + ErrorCode.HANDLER + " the answer found no room in the send queue";
        assertEquals(List.of(noRoom, "REPLY 1 b"), outlet.frames());
        assertEquals(1, served.meter().stats().failed());
        assertTrue(responder.isIdle());
    }

    @Test
    void withoutTokensAnAnswerThatFindsNoRoomEndsTheSession() {
        ServedRequests served = served(false);
        outlet.refuseNext();
        Responder responder = ask(served, "a");
        assertEquals(List.of(), outlet.frames());
        assertFalse(session.isOpen());
        assertEquals(0, served.meter().stats().inProgress());
        assertTrue(responder.isIdle());
    }

    @Test
    void answerOfASessionThatHasClosedIsDropped() {
        ServedRequests served = served(true);
        session.close(CloseReason.of(CloseReason.Kind.LOCAL, "on purpose"));
        Responder responder = ask(served, "a");
        assertEquals(1, served.meter().stats().dropped());
        assertEquals(0, served.meter().stats().inProgress());
        assertTrue(responder.isIdle());
    }
}
