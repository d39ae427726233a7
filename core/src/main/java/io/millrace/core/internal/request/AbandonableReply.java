package io.millrace.core.internal.request;

import io.millrace.core.ReplyHandler;

/** A reply handler whose caller may stop waiting: its reply is then dropped and counted as late, and it hears nothing. */
public interface AbandonableReply extends ReplyHandler {
    /**
     * Returns whether nobody waits any more. Called under the lock of the request's table, so it only looks.
     *
     * @return true from some time on, for ever
     */
    boolean isAbandoned();

    /**
     * Hears where it waits, so that its caller can have it {@linkplain RequestTable#forget forgotten}. Called under the
     * lock of the table, before the request is sent.
     *
     * @param table the table
     * @param token what it is called there
     */
    void waitsIn(RequestTable table, long token);
}
