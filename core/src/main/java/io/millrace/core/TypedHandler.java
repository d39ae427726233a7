package io.millrace.core;

/**
 * What an application does with messages that a {@link Codec} has decoded.
 *
 * <p>Threading: Confined to one session: calls never overlap, the thread may change; each call happens-before the
 * next. One handler serves many sessions, so calls for different sessions do overlap. Calls are made on the group's I/O
 * threads and must not block, unless the server or client was given an executor for its handlers.
 *
 * <p>Lifecycle: called between the {@code onOpen} and the {@code onClose} that the builders of servers and clients
 * take.
 *
 * <p>Ownership: the message is the application's.
 *
 * <p>Errors: a throw closes that session with {@link CloseReason.Kind#HANDLER}; it is logged once.
 *
 * @param <M> what messages are to the application
 */
@FunctionalInterface
public interface TypedHandler<M> {
    /**
     * Takes a message.
     *
     * @param session whose message it is
     * @param message the message
     * @throws Exception anything: it closes the session
     */
    void onMessage(Session session, M message) throws Exception;
}
