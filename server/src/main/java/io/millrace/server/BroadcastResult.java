package io.millrace.server;

/**
 * What became of a message, member by member, at the moment it was broadcast. Each member counts under exactly one of
 * {@code sent}, {@code dropped} and {@code closed}.
 *
 * <p>Threading: Immutable.
 *
 * @param sent for how many it was queued
 * @param congested how many of these have more queued than their high mark: they read more slowly than you write
 * @param dropped how many miss it and stay: their queue, or memory, was at its limit, the policy has skipped them, or
 *     they speak another protocol since an upgrade, which cannot carry it
 * @param closed how many were closing already, or have been closed by the policy
 */
public record BroadcastResult(int sent, int congested, int dropped, int closed) {
    /**
     * Returns to how many the message was to be sent.
     *
     * @return the number of members
     */
    public int members() {
        return sent + dropped + closed;
    }

    /**
     * Returns whether it was queued for everybody.
     *
     * @return true if nobody misses it
     */
    public boolean isComplete() {
        return dropped + closed == 0;
    }
}
