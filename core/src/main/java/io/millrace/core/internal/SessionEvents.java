package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.internal.request.Requester;

/** What the frames of a session, in and out, need of it. */
interface SessionEvents extends Requester {
    /** Closes in good order, behind what is queued. */
    void close(CloseReason reason);

    /** Hears that a request of the peer's has been answered, and whether more may be taken in since. */
    void requestAnswered(boolean takesMore);

    /** Hears that a reply found no room in the send queue. */
    void refused();

    /** Finishes what is in flight and begins nothing new, then closes. */
    void drain(CloseReason reason);

    /** Returns whether nothing new is begun. */
    boolean isDraining();

    /** Tells the peer, once, that nothing new is begun, if that is so. Called in the session's steps. */
    void announceDrain();

    /** Returns why nothing new is begun. */
    CloseReason reasonToDrain();

    /** Returns the time of the clock that deadlines go by. */
    long nanoTime();

    /** Hears that a ping has been answered. */
    void pong(long token);

    /** Hears that the peer will not answer further requests. */
    void peerIsDraining(int code, String text);
}
