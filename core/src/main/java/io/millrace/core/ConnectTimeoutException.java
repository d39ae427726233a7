package io.millrace.core;

/** The peer did not accept the connection in time. */
public final class ConnectTimeoutException extends TransportException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message whom, and after how long
     */
    public ConnectTimeoutException(String message) {
        super(message);
    }
}
