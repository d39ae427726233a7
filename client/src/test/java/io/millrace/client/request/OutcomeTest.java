package io.millrace.client.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.Outcome.Route;
import io.millrace.core.NotSentException;
import io.millrace.core.TransportException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private static final Endpoint HERE = new Endpoint("localhost", 9000);
    private static final TransportException LOST = new TransportException("on purpose");

    private static Route by(ConnectionUse use) {
        return new Route(HERE, use, 1);
    }

    private static Outcome<String> failed(Kind kind) {
        return Outcome.failed(kind, LOST, Route.NONE);
    }

    private static List<Kind> failures() {
        return Stream.of(Kind.values()).filter(kind -> kind != Kind.REPLIED).toList();
    }

    @Test
    void replyIsThereAndNothingWasThrown() throws Exception {
        Outcome<String> outcome = Outcome.replied("yes", by(ConnectionUse.OPENED));

        assertTrue(outcome.isReply());
        assertEquals("yes", outcome.reply());
        assertEquals("yes", outcome.orThrow());
        assertNull(outcome.failure());
        assertTrue(outcome.maybeSent());
        assertEquals(HERE, outcome.endpoint());
        assertEquals(ConnectionUse.OPENED, outcome.connectionUse());
        assertEquals(1, outcome.attempts());
    }

    @Test
    void failureIsThrownAsItIs() {
        for (Kind kind : failures()) {
            Outcome<String> outcome = failed(kind);
            assertFalse(outcome.isReply());
            assertNull(outcome.reply());
            assertSame(LOST, outcome.failure());
            assertSame(LOST, assertThrows(TransportException.class, outcome::orThrow));
            assertEquals(0, outcome.attempts());
        }
        assertThrows(IllegalArgumentException.class, () -> failed(Kind.REPLIED));
    }

    @Test
    void failureKnowsWhetherItMayHaveBeenSent() {
        assertTrue(failed(Kind.TIMED_OUT).maybeSent());
        assertFalse(Outcome.failed(Kind.TIMED_OUT, new NotSentException("on purpose"), Route.NONE)
                .maybeSent());
    }

    @Test
    void seedsFiveCasesTellOfTheConnection() {
        Map<ConnectionUse, String> names = Map.of(
                ConnectionUse.REUSED, "OK_ON_STEPONE_REUSE",
                ConnectionUse.REUSED_AFTER_WAITING, "OK_ON_STEPTWO_REUSE",
                ConnectionUse.OPENED, "OK_ON_OPENNEW");
        for (ConnectionUse use : ConnectionUse.values()) {
            assertEquals(
                    names.get(use), Outcome.replied("yes", by(use)).sendStatus().seedName());
            assertEquals(
                    names.get(use),
                    Outcome.failed(Kind.LOST, LOST, by(use)).sendStatus().seedName(),
                    "they say nothing of the reply");
        }
        for (Kind kind : failures()) {
            String expected =
                    switch (kind) {
                        case TOO_MANY_REQUESTS -> "TOOMANY_REQUEST";
                        case NOT_CONNECTED -> "OK_ON_OPENNEW";
                        default -> "CONNECTION_EXHAUST";
                    };
            assertEquals(expected, failed(kind).sendStatus().seedName(), kind.name());
        }
    }

    @Test
    void seedsStatusStringsTellOfTheRequest() {
        Map<Kind, String> strings = new EnumMap<>(Kind.class);
        strings.put(Kind.TIMED_OUT, "socket:timeout");
        strings.put(Kind.CONNECTIONS_EXHAUSTED, "socket:connection exhaust");
        strings.put(Kind.TOO_MANY_REQUESTS, "socket:too many request");
        strings.put(Kind.LOST, "socket:error_for_return_data_null");
        strings.put(Kind.NOT_CONNECTED, "socket:error_for_return_data_null");
        for (Kind kind : failures()) {
            assertEquals(
                    strings.getOrDefault(kind, "err:on purpose"), failed(kind).statusText(), kind.name());
        }
        assertEquals("socket:ok", Outcome.replied("", Route.NONE).statusText(), "an empty reply is one");
    }

    @Test
    void toStringTellsAllButTheReply() {
        assertEquals(
                "Outcome[kind=REPLIED, maybeSent=true, endpoint=localhost:9000, use=REUSED, attempts=1]",
                Outcome.replied("secret", by(ConnectionUse.REUSED)).toString());
        assertEquals(
                "Outcome[kind=LOST, failure=on purpose, maybeSent=true, endpoint=null, use=null, attempts=0]",
                failed(Kind.LOST).toString());
    }
}
