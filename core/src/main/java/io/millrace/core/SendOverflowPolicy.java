package io.millrace.core;

/** What happens when a message is sent to a session whose queue is at its limit. */
public enum SendOverflowPolicy {
    /** The sender is told {@link SendResult#REFUSED}; the session lives on. */
    REFUSE,
    /**
     * The sender is told {@link SendResult#REFUSED}. If that was the session's own callback the session closes, for
     * an answer would be missing from its stream. The default.
     */
    REFUSE_OR_CLOSE_OWN,
    /** The session closes, with {@link CloseReason.Kind#STALLED}. */
    CLOSE
}
