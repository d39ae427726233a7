package io.millrace.core;

/** What a peer sent is no frame of the protocol. It has no stack trace: its place is the peer, not our code. */
public class MalformedFrameException extends TransportException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param message what is wrong with the frame
     */
    public MalformedFrameException(String message) {
        super(message);
    }

    /** Does nothing: every scanner on the network could make us walk the stack. */
    @Override
    public final synchronized Throwable fillInStackTrace() {
        return this;
    }
}
