package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Gives each session a handler of its own, kept as the session's attachment, so that what a connection knows can be
 * plain fields: calls for one session never overlap.
 *
 * @param maker makes the handler of a session that opens
 */
record HandlerPerSession(Supplier<? extends MessageHandler> maker) implements MessageHandler {
    @Override
    public void onOpen(Session session) throws Exception {
        MessageHandler own = maker.get();
        session.attach(own);
        own.onOpen(session);
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws Exception {
        own(session).onMessage(session, message);
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        own(session).onClose(session, reason);
    }

    private static MessageHandler own(Session session) {
        return (MessageHandler) Objects.requireNonNull(session.attachment(), "attachment");
    }
}
