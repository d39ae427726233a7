package io.millrace.core.internal.send;

import io.millrace.core.engine.Stage;

/** A request, which is told when it is queued. */
public interface QueuedRequest extends Stage.Passenger {
    /**
     * Returns what its reply will carry.
     *
     * @return the token
     */
    long token();

    /**
     * Returns whether it may be gathered: put into the stream without the queue's lock, so that its place there is known
     * only when the turn is over.
     *
     * @return false if what waits for replies must have the order of the stream
     */
    boolean mayBeGathered();

    /**
     * Hears that the request is queued: under the send queue's lock, unless it is gathered. Its sender asks nothing else
     * of it from then on, so it may be used anew.
     *
     * @param streamOffset how many bytes of the stream are in front of it
     * @param gathering the gathering that it may be part of, or {@link Stage#NO_GATHERING}
     */
    void accepted(long streamOffset, long gathering);
}
