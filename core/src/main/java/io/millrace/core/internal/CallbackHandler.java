package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The handler that a builder puts together from single callbacks.
 *
 * @param open called for onOpen, or null
 * @param messages called for every message, or null to drop them
 * @param close called for onClose, or null
 */
public record CallbackHandler(
        @Nullable Consumer<Session> open,
        @Nullable MessageHandler messages,
        @Nullable BiConsumer<Session, CloseReason> close)
        implements MessageHandler {
    @Override
    public void onOpen(Session session) throws Exception {
        if (messages != null) {
            messages.onOpen(session);
        }
        if (open != null) {
            open.accept(session);
        }
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws Exception {
        if (messages != null) {
            messages.onMessage(session, message);
        }
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        if (close != null) {
            close.accept(session, reason);
        }
        if (messages != null) {
            messages.onClose(session, reason);
        }
    }
}
