package io.millrace.core.protocol;

import io.millrace.core.MalformedFrameException;

/** A peer speaks a version of the protocol that this side does not. */
public final class UnsupportedVersionException extends MalformedFrameException {
    private static final long serialVersionUID = 1;

    /** The version that the peer speaks. */
    private final int version;

    /**
     * Makes the exception.
     *
     * @param version the version that the peer speaks
     * @param declaredBytes the length that its frame declares
     */
    public UnsupportedVersionException(int version, int declaredBytes) {
        super("version " + version + " is not spoken here, declared length " + declaredBytes);
        this.version = version;
    }

    /**
     * Returns the version that the peer speaks.
     *
     * @return the version
     */
    public int version() {
        return version;
    }
}
