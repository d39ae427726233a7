package io.millrace.core;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something went wrong between this side and its peer. The types below it are the cases that a caller treats
 * differently; the cause, where there is one, is what the JDK reported.
 */
public class TransportException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception without a cause.
     *
     * @param message what happened, to whom, and what to do about it
     */
    public TransportException(String message) {
        super(message);
    }

    /**
     * Makes an exception with a cause.
     *
     * @param message what happened, to whom, and what to do about it
     * @param cause what the JDK reported, if anything
     */
    public TransportException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Returns whether what was asked, a message or a request, may have reached the peer.
     *
     * @return false only if certainly no byte of it did, or the peer has said that it did not begin: then asking again
     *     cannot do the work twice. True unless overridden
     */
    public boolean maybeSent() {
        return true;
    }
}
