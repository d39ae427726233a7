package io.millrace.core;

/** The session ended before what was asked of it was done. */
public final class SessionClosedException extends TransportException {
    private static final long serialVersionUID = 1;

    /** Why the session ended. */
    private final transient CloseReason reason;

    /** Whether any byte may have reached the peer. */
    private final boolean maybeWritten;

    /**
     * Makes the exception.
     *
     * @param reason why the session ended
     * @param maybeWritten false if certainly no byte of the message was written, so that it is safe to send it again
     */
    public SessionClosedException(CloseReason reason, boolean maybeWritten) {
        super(
                "session closed: " + reason + (maybeWritten ? "; the message may have been sent" : "; not sent"),
                reason.cause());
        this.reason = reason;
        this.maybeWritten = maybeWritten;
    }

    /**
     * Returns why the session ended.
     *
     * @return the reason
     */
    public CloseReason reason() {
        return reason;
    }

    /**
     * Returns whether the message may have reached the peer.
     *
     * @return false if no byte of it was written, so that sending it again cannot do its work twice
     */
    public boolean maybeWritten() {
        return maybeWritten;
    }

    @Override
    public boolean maybeSent() {
        return maybeWritten;
    }
}
