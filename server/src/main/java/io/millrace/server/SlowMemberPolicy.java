package io.millrace.server;

/**
 * What a broadcast does about members that read more slowly than others write. It stands in for the
 * {@link io.millrace.core.SendOverflowPolicy} of their sessions, which is for what is sent to one.
 */
public enum SlowMemberPolicy {
    /** Queues for everybody up to the session's limit; who is beyond it misses this message. The default. */
    DROP,
    /**
     * Queues for nobody that is congested: whose queue has gone above its high mark and not yet down to the low one.
     * For messages that are soon replaced by newer ones.
     */
    SKIP_CONGESTED,
    /**
     * Queues up to the session's limit, and closes who is beyond it at once, with
     * {@link io.millrace.core.CloseReason.Kind#STALLED}. For messages that nobody may miss and stay.
     */
    CLOSE
}
