package io.millrace.core;

import java.nio.ByteBuffer;

/**
 * Takes messages in parts, as their bytes arrive, so that a message of any length needs no more memory than one read.
 *
 * <p>Threading: as {@link MessageHandler}.
 *
 * <p>Errors: a throw closes the session with {@link CloseReason.Kind#HANDLER}; it is logged once. When a session ends
 * inside a message the rest of its parts never comes.
 */
@FunctionalInterface
public interface PartHandler {
    /**
     * Takes the next part of a message. Parts come in order, and all parts of one message before the next message's.
     *
     * @param session whose message it is
     * @param part borrowed: bytes of the payload between position and limit, valid until this method returns; empty
     *     only for an empty message
     * @param remaining how many bytes of the message are still to come; 0 tells that this part is its last
     * @throws Exception anything: it closes the session
     */
    void onPart(Session session, ByteBuffer part, long remaining) throws Exception;
}
