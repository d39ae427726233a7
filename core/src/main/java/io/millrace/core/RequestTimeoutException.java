package io.millrace.core;

/**
 * The reply did not come in time. Whether the peer has done what was asked is not known, unless {@link #maybeSent} says
 * that it was never asked.
 */
public final class RequestTimeoutException extends TransportException {
    private static final long serialVersionUID = 1;

    /** Whether any byte may have reached the peer. */
    private final boolean maybeSent;

    /**
     * Makes the exception of a request that may have reached the peer.
     *
     * @param message of whom, and after how long
     */
    public RequestTimeoutException(String message) {
        this(message, true);
    }

    /**
     * Makes the exception.
     *
     * @param message of whom, and after how long
     * @param maybeSent false if certainly no byte of the request has reached the peer, nor ever will
     */
    public RequestTimeoutException(String message, boolean maybeSent) {
        super(message);
        this.maybeSent = maybeSent;
    }

    @Override
    public boolean maybeSent() {
        return maybeSent;
    }
}
