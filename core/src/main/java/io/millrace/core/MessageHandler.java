package io.millrace.core;

import java.nio.ByteBuffer;

/**
 * What an application does with a session: called when it opens, for each message, and when it has ended.
 *
 * <p>Threading: Confined to one session: calls never overlap, the thread may change; each call happens-before the
 * next. One handler serves many sessions, so calls for different sessions do overlap. Calls are made on the group's
 * I/O threads and must not block, unless the server or client was given an executor for its handlers.
 *
 * <p>Lifecycle: {@link #onOpen} once, {@link #onMessage} any number of times, {@link #onClose} once and last, whatever
 * happens.
 *
 * <p>Ownership: messages are borrowed, valid until {@link #onMessage} returns.
 *
 * <p>Errors: a throw from {@link #onOpen} or {@link #onMessage} closes that session with
 * {@link CloseReason.Kind#HANDLER}; it is logged once. A {@link MalformedFrameException} from {@link #onMessage} blames
 * the peer instead: it closes the session with {@link CloseReason.Kind#PROTOCOL} and is no warning. A throw from
 * {@link #onClose} is logged.
 */
@FunctionalInterface
public interface MessageHandler {
    /**
     * Hears that a session has opened. Nothing has been read yet, and what is sent here goes before whatever
     * other threads send once they learn of the session from here.
     *
     * @param session the session
     * @throws Exception anything: it closes the session
     */
    default void onOpen(Session session) throws Exception {}

    /**
     * Takes a message.
     *
     * @param session whose message it is
     * @param message borrowed: the payload between position and limit, valid until this method returns; may be
     *     changed in place
     * @throws Exception anything: it closes the session
     */
    void onMessage(Session session, ByteBuffer message) throws Exception;

    /**
     * Hears that the session's queue is short again, after a send was answered {@link SendResult#CONGESTED} or
     * {@link SendResult#REFUSED}: there is room to go on. Not after a message that was refused though nothing was queued,
     * for want of memory in the group: nothing becomes shorter then, so try again later.
     *
     * @param session the session
     * @throws Exception anything: it closes the session
     */
    default void onWritable(Session session) throws Exception {}

    /**
     * Hears that the peer has closed its side and nothing more will come, while this side may go on sending until it
     * closes the session. Only with {@link SessionConfig#halfClose()}; without, the session closes by itself.
     *
     * @param session the session
     * @throws Exception anything: it closes the session
     */
    default void onInputEnd(Session session) throws Exception {}

    /**
     * Hears that the peer has broken the protocol, or that {@link #onMessage} has said so with its exception, just before
     * the session closes for that. What is sent here is the last that the peer gets.
     *
     * @param session the session, still open for an answer
     * @param cause what is wrong
     * @throws Exception anything: it is logged
     */
    default void onMalformed(Session session, MalformedFrameException cause) throws Exception {}

    /**
     * Hears that a session has ended. Nothing more happens to it; sending is answered {@link SendResult#CLOSED}.
     *
     * @param session the session
     * @param reason the first cause of its end
     */
    default void onClose(Session session, CloseReason reason) {}
}
