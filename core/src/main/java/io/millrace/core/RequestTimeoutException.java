package io.millrace.core;

/** The reply did not come in time. Whether the peer has done what was asked is not known. */
public final class RequestTimeoutException extends TransportException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message of whom, and after how long
     */
    public RequestTimeoutException(String message) {
        super(message);
    }
}
