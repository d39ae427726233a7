package io.millrace.core.protocol;

/**
 * The agreement of both sides about where messages begin and end.
 *
 * <p>Threading: Immutable. The decoders it makes are confined to one session each.
 *
 * <p>Lifecycle: made once, shared by any number of servers and clients.
 *
 * <p>Errors: a stream that breaks the protocol closes its session with
 * {@link io.millrace.core.CloseReason.Kind#PROTOCOL}.
 */
public interface Protocol {
    /**
     * Makes the decoder of one session.
     *
     * @return a fresh decoder at the start of a stream
     */
    FrameDecoder newDecoder();

    /**
     * Returns the encoder of all sessions.
     *
     * @return a stateless encoder
     */
    FrameEncoder encoder();

    /**
     * Returns whether one message sent is one message received, so that replies can be paired with requests in order.
     *
     * @return true unless the protocol has no frames
     */
    default boolean hasFrames() {
        return true;
    }

    /**
     * Returns frames with a signed big-endian int32 length before the payload, at most
     * {@value PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES} bytes of it.
     *
     * @return the protocol of {@link PrefixHandler#int32()}
     */
    static Protocol lengthPrefixed() {
        return PrefixHandler.int32();
    }

    /**
     * Returns frames with a length before the payload.
     *
     * @param prefix how the length is written
     * @return the protocol
     */
    static Protocol lengthPrefixed(PrefixHandler prefix) {
        return prefix;
    }

    /**
     * Returns the bare stream: every chunk that arrives is a message, wherever the network cut it.
     *
     * @return the protocol without frames
     */
    static Protocol raw() {
        return RawProtocol.INSTANCE;
    }
}
