package io.millrace.core;

/** What happens when a message finds no room: the session's queue is at its limit, or the group's memory is. */
public enum SendOverflowPolicy {
    /** The sender is told {@link SendResult#REFUSED}; the session lives on. */
    REFUSE,
    /**
     * The sender is told {@link SendResult#REFUSED}. If that was the session's own callback the session is aborted, with
     * {@link CloseReason.Kind#STALLED}, for an answer would be missing from its stream. The default.
     */
    REFUSE_OR_CLOSE_OWN,
    /**
     * The sender is told {@link SendResult#REFUSED}, and the session is aborted, with
     * {@link CloseReason.Kind#STALLED}: what was queued is not sent.
     */
    CLOSE
}
