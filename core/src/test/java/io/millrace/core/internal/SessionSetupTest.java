package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionHandlers;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SessionSetupTest {
    private static final CloseReason REASON = CloseReason.of(Kind.LOCAL, "on purpose");

    private final List<String> called = new ArrayList<>();
    private final MessageHandler full = new MessageHandler() {
        @Override
        public void onOpen(Session session) {
            called.add("handler.onOpen");
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            called.add("handler.onMessage");
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            called.add("handler.onClose " + reason.kind());
        }
    };

    private static SessionSetup setup(
            Consumer<Session> onOpen, MessageHandler handler, BiConsumer<Session, CloseReason> onClose) {
        return new SessionSetup(
                Side.SERVER,
                Protocol.lengthPrefixed(),
                SessionConfig.defaults(),
                new SessionHandlers(onOpen, handler, null, null, onClose, null, null),
                0);
    }

    private static void callAll(SessionSetup setup) throws Exception {
        // no callback looks at the session
        Session none = null;
        setup.opened(none);
        setup.closed(none, REASON);
    }

    @Test
    void handlerAndListenersAreBothCalled() throws Exception {
        callAll(setup(session -> called.add("open"), full, (session, reason) -> called.add("close " + reason.kind())));
        assertEquals(List.of("handler.onOpen", "open", "close LOCAL", "handler.onClose LOCAL"), called);
    }

    @Test
    void listenersBesideAHandlerHearWhatHappensInBetweenAlsoAfterAnUpgrade() throws Exception {
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) {}

            @Override
            public void onWritable(Session session) {
                called.add("handler.onWritable");
            }

            @Override
            public void onInputEnd(Session session) {
                called.add("handler.onInputEnd");
            }

            @Override
            public void onMalformed(Session session, MalformedFrameException cause) {
                called.add("handler.onMalformed");
            }
        };
        SessionHandlers.Signals signals = new SessionHandlers.Signals(
                session -> called.add("writable"),
                session -> called.add("inputEnd"),
                (session, cause) -> called.add("malformed " + cause.getMessage()));
        SessionHandlers all = new SessionHandlers(null, handler, null, null, null, null, null, signals);
        SessionSetup setup = new SessionSetup(Side.SERVER, Protocol.raw(), SessionConfig.defaults(), all, 0);
        // no callback looks at the session
        Session none = null;
        for (SessionSetup each : List.of(setup, setup.upgraded(Protocol.lines(), full))) {
            each.writable(none);
            each.inputEnded(none);
            each.malformed(none, new MalformedFrameException("why"));
        }
        assertEquals(
                List.of(
                        "handler.onWritable",
                        "writable",
                        "handler.onInputEnd",
                        "inputEnd",
                        "handler.onMalformed",
                        "malformed why",
                        "writable",
                        "inputEnd",
                        "malformed why"),
                called);
    }

    @Test
    void handlerAloneIsEnough() throws Exception {
        callAll(setup(null, full, null));
        assertEquals(List.of("handler.onOpen", "handler.onClose LOCAL"), called);
    }

    @Test
    void withoutAnyCallbackNothingHappens() throws Exception {
        callAll(setup(null, null, null));
        assertEquals(List.of(), called);
    }

    @Test
    void throwingCloseListenerDoesNotHideTheEndFromTheHandler() {
        SessionSetup setup = setup(null, full, (session, reason) -> {
            throw new IllegalStateException("on purpose");
        });
        Session none = null;
        assertThrows(IllegalStateException.class, () -> setup.closed(none, REASON));
        assertEquals(List.of("handler.onClose LOCAL"), called);
    }

    @Test
    void eachKindOfFrameHasOneTaker() {
        RequestHandler requests = (session, request, reply) -> reply.send(request);
        SessionHandlers takers = new SessionHandlers(null, full, requests, null, null, null, null);
        for (Protocol protocol : List.of(Protocol.lengthPrefixed(), Protocol.seed(), Protocol.raw())) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> new SessionSetup(Side.SERVER, protocol, SessionConfig.defaults(), takers, 0));
            assertTrue(String.valueOf(refused.getMessage()).contains("onRequest"), refused.getMessage());
        }
        SessionSetup both = new SessionSetup(Side.SERVER, Protocol.millrace(), SessionConfig.defaults(), takers, 0);
        assertTrue(both.asks(), "with tokens a session can also ask");
    }

    @Test
    void whoHasATakerForMessagesAsksNothingWhereRepliesLookLikeMessages() {
        assertFalse(setup(null, full, null).asks());
        assertTrue(setup(null, null, null).asks());
    }
}
