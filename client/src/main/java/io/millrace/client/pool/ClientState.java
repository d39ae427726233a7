package io.millrace.client.pool;

/**
 * How a client stands with its endpoints, all of them together.
 *
 * <pre>
 *            request, or pool.minIdle              a connection is open
 *   IDLE ------------------------------&gt; CONNECTING --------------------&gt; READY
 *    ^                                    |       ^                         |
 *    |               no endpoint could be |       | a delay is over         | all connections were lost,
 *    |                                    v       |                         | and one is needed: CONNECTING
 *    |                                  BACKING_OFF ----&gt; GAVE_UP           |
 *    +----------------------------------------------------------------------+
 *                         the last connection ended, and none is needed
 *
 *   any state --- close() ---&gt; CLOSED
 * </pre>
 */
public enum ClientState {
    /** Nothing is connected and nothing has been asked: the first request connects. */
    IDLE,
    /** No connection is open yet, and at least one is being opened. */
    CONNECTING,
    /** At least one connection is open and takes requests. */
    READY,
    /**
     * No connection is open or being opened, at least one endpoint has failed, and its time to be tried again has not
     * come. When it comes and nobody needs a connection, IDLE follows.
     */
    BACKING_OFF,
    /**
     * Every endpoint failed as often in a row as {@code Backoff.giveUpAfter} allows: none is tried again before the
     * client is told to reconnect.
     */
    GAVE_UP,
    /** Closed for good. */
    CLOSED
}
