package io.millrace.core.internal;

/** What the session reports to the server or client that made it. */
public interface SessionOwner {
    /**
     * Hears that the session has opened and the application has been told.
     *
     * @param session the session
     */
    void sessionOpened(TcpSession session);

    /**
     * Hears, once, that the session begins no more requests, though it may be open for a while: the peer has said
     * that it drains or has finished, or this side drains, closes, or has shut its output. Called on an I/O thread,
     * without a lock and always before {@link #sessionEnded}; where handlers have an executor perhaps before {@link
     * #sessionOpened}. Requests may have been refused a little earlier.
     *
     * @param session the session
     */
    default void sessionDraining(TcpSession session) {}

    /**
     * Hears that requests have had no reply in time, behind their failures. Called on an I/O thread without a lock.
     *
     * @param session the session
     * @param inARow how many requests, from 1, since the last reply of any kind that the session has received
     */
    default void requestsOverdue(TcpSession session, int inARow) {}

    /**
     * Hears that the session has ended and given everything back.
     *
     * @param session the session
     */
    void sessionEnded(TcpSession session);
}
