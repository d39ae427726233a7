package io.millrace.core.internal.send;

/** A request, which is told when it is queued. */
public interface QueuedRequest {
    /**
     * Returns what its reply will carry.
     *
     * @return the token
     */
    long token();

    /**
     * Hears, under the send queue's lock, that the request is queued, so that what waits for replies has the order of
     * the stream.
     *
     * @param streamOffset how many bytes of the stream are in front of it
     */
    void accepted(long streamOffset);
}
