package io.millrace.client.internal.pool;

import io.millrace.core.NotSentException;

/** The connection was lent, or dropped, just before a request would have begun on it: the request goes elsewhere. */
final class LentException extends NotSentException {
    private static final long serialVersionUID = 1;

    LentException(PooledSession session) {
        super("not sent: the connection has just been lent or given up; " + session);
    }
}
