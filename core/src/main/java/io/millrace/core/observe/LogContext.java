package io.millrace.core.observe;

import org.slf4j.MDC;

/**
 * Puts the number and the peer of a session into slf4j's MDC while its callbacks run, so that what the application
 * logs there shows them: keys {@value #SESSION} and {@value #REMOTE}.
 *
 * <p>Off unless the group was told otherwise: it builds two strings and changes two thread-local map entries for every
 * turn, which costs more than a small message does.
 *
 * <p>Threading: Thread-safe. Each thread has a context of its own.
 */
public final class LogContext {
    /** The key of the session's number. */
    public static final String SESSION = "session";

    /** The key of the peer's address. */
    public static final String REMOTE = "remote";

    private LogContext() {}

    /**
     * Enters the callbacks of a session on this thread.
     *
     * @param session its number
     * @param remote the peer's address
     */
    public static void enter(long session, Object remote) {
        MDC.put(SESSION, Long.toString(session));
        MDC.put(REMOTE, remote.toString());
    }

    /** Leaves them: what this thread logs from now on belongs to no session. */
    public static void leave() {
        MDC.remove(SESSION);
        MDC.remove(REMOTE);
    }
}
