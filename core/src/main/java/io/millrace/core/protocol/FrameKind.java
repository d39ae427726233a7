package io.millrace.core.protocol;

/** What a frame is for. Protocols that do not tell frames apart have messages only. */
public enum FrameKind {
    /** A message for the handler; or, in protocols without tokens, also a request or its reply. */
    MESSAGE(0, false),
    /** A request that wants a reply with the same token. */
    REQUEST(1, true),
    /** The reply to the request with the same token. */
    REPLY(2, true),
    /** The refusal of the request with the same token: an int16 code, then text. */
    ERROR(3, true),
    /** A question whether the peer is alive, to be answered by a pong with the same token. */
    PING(4, true),
    /** The answer to a ping. */
    PONG(5, true),
    /** The announcement that the sender will answer no further requests: an int16 code, an int8 version, text. */
    GOAWAY(6, false),
    /** A frame of a kind that is known to be harmless and is not for us: dropped and counted. */
    SKIPPED(-1, false);

    private final int number;
    private final boolean token;

    FrameKind(int number, boolean token) {
        this.number = number;
        this.token = token;
    }

    /**
     * Returns whether frames of this kind carry a token.
     *
     * @return true if they do
     */
    public boolean hasToken() {
        return token;
    }

    /** Returns its number in Millrace's own frames; -1 if there are none such. */
    int number() {
        return number;
    }
}
