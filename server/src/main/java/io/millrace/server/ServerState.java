package io.millrace.server;

/**
 * How far a server has come. It only ever goes forward.
 *
 * <pre>
 *          start()            drain(), close()               all sessions have ended
 *   NEW -----------&gt; RUNNING ------------------&gt; DRAINING ---------------------------&gt; STOPPED
 *    |                                                                                    ^
 *    +------------------------------------------------------------------------------------+
 *                                      drain(), close()
 * </pre>
 *
 * <p>A start that fails leaves the server NEW and nothing open, so that it may be tried again.
 */
public enum ServerState {
    /** Made, with nothing open yet. */
    NEW,
    /** Listening, and serving its sessions. */
    RUNNING,
    /**
     * Listening no more, as soon as those are in who have connected already, which takes a moment; the sessions finish
     * what is in flight, until they are cut off at the deadline.
     */
    DRAINING,
    /** Ended for good: another server may listen on the same address. */
    STOPPED
}
