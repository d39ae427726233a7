package io.millrace.core;

import org.jspecify.annotations.Nullable;

/**
 * What was asked was refused before anything of it was written: a limit is reached, or nothing new is begun any more. It
 * can be asked again, there or elsewhere, without doing the work twice.
 */
public class NotSentException extends TransportException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception without a cause.
     *
     * @param message why it was refused, and what to do about it
     */
    public NotSentException(String message) {
        super(message);
    }

    /**
     * Makes an exception with a cause.
     *
     * @param message why it was refused, and what to do about it
     * @param cause what led to that, if anything
     */
    public NotSentException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Returns whether what was asked may have reached the peer.
     *
     * @return false
     */
    @Override
    public final boolean maybeSent() {
        return false;
    }
}
