package io.millrace.core;

/** A peer has sent, or announced, a frame beyond the limit. */
public final class FrameTooLongException extends MalformedFrameException {
    private static final long serialVersionUID = 1;

    /** The length that was announced or seen, in bytes. */
    private final long declaredBytes;

    /** The limit, in bytes. */
    private final long limitBytes;

    /**
     * Makes the exception for a frame that states its length.
     *
     * @param declaredBytes the length that was announced
     * @param limitBytes the limit
     */
    public FrameTooLongException(long declaredBytes, long limitBytes) {
        this("declared length " + declaredBytes + " is", declaredBytes, limitBytes);
    }

    /**
     * Makes the exception for a frame whose length was worked out.
     *
     * @param how what announced how many bytes, and the verb; the limit and the remedy are put behind it
     * @param declaredBytes the length that was announced or seen
     * @param limitBytes the limit
     */
    public FrameTooLongException(String how, long declaredBytes, long limitBytes) {
        super(how + " beyond the limit of " + limitBytes + " bytes: raise maxPayloadBytes if the peer is right");
        this.declaredBytes = declaredBytes;
        this.limitBytes = limitBytes;
    }

    /**
     * Returns the length that was announced; of a frame that announces none, such as a line, the length seen so far.
     *
     * @return bytes
     */
    public long declaredBytes() {
        return declaredBytes;
    }

    /**
     * Returns the limit.
     *
     * @return bytes
     */
    public long limitBytes() {
        return limitBytes;
    }
}
