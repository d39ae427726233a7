package io.millrace.core.protocol;

/** What a frame is for. Protocols that do not tell frames apart have messages only. */
public enum FrameKind {
    /** A message for the handler; or, in protocols without tokens, also a request or its reply. */
    MESSAGE(false),
    /** A request that wants a reply with the same token. */
    REQUEST(true),
    /** The reply to the request with the same token. */
    REPLY(true),
    /** The refusal of the request with the same token: an int16 code, then text. */
    ERROR(true),
    /** A question whether the peer is alive, to be answered by a pong with the same token. */
    PING(true),
    /** The answer to a ping. */
    PONG(true),
    /** The announcement that the sender will answer no further requests: an int16 code, an int8 version, text. */
    GOAWAY(false),
    /** A frame of a kind that is known to be harmless and is not for us: dropped and counted. */
    SKIPPED(false);

    private final boolean token;

    FrameKind(boolean token) {
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
}
