package io.millrace.core;

/** What became of a message at the moment it was sent. Only {@link #REFUSED} and {@link #CLOSED} leave it unsent. */
public enum SendResult {
    /** Queued. Go on. */
    ACCEPTED,
    /** Queued, but the peer is slower than you: the queue is above its high mark. Slow down. */
    CONGESTED,
    /** Not queued: the queue is at its limit, or memory is. Drop the message, keep it, or close the session. */
    REFUSED,
    /** Not queued: the session is closing or closed. */
    CLOSED;

    /**
     * Returns whether the message is on its way.
     *
     * @return true for {@link #ACCEPTED} and {@link #CONGESTED}
     */
    public boolean isAccepted() {
        return this == ACCEPTED || this == CONGESTED;
    }
}
