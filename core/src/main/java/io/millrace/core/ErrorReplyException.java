package io.millrace.core;

/** The peer has answered a request with an error. */
public final class ErrorReplyException extends TransportException {
    private static final long serialVersionUID = 1;

    /** What kind of error, as {@link ErrorCode} or the application numbers them. */
    private final int code;

    /**
     * Makes the exception.
     *
     * @param code the error's number: see {@link ErrorCode}
     * @param text what the peer says about it
     */
    public ErrorReplyException(int code, String text) {
        super("the peer answered with error " + ErrorCode.nameOf(code) + (text.isEmpty() ? "" : ": " + text));
        this.code = code;
    }

    /**
     * Returns the error's number.
     *
     * @return one of {@link ErrorCode}, or from {@link ErrorCode#FIRST_OF_APPLICATION} the application's own
     */
    public int code() {
        return code;
    }

    /**
     * Returns whether the peer has certainly not begun to work on the request, so that it can be sent again.
     *
     * @return true for {@link ErrorCode#BUSY} and {@link ErrorCode#DRAINING}
     */
    public boolean notProcessed() {
        return code == ErrorCode.BUSY || code == ErrorCode.DRAINING;
    }

    @Override
    public boolean maybeSent() {
        return !notProcessed();
    }
}
