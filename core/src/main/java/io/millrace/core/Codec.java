package io.millrace.core;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Turns the payload of a message into an object and back. Programs write their own; those for text and bytes are here.
 *
 * <pre>{@code
 * .onMessage(Codec.utf8(), (session, line) -> session.send("you said " + line, Codec.utf8()))
 * }</pre>
 *
 * <p>Threading: Thread-safe: one codec serves all sessions, on all threads at once, so it keeps nothing between calls.
 *
 * <p>Lifecycle: none; a constant is a good place for one.
 *
 * <p>Ownership: see the two methods.
 *
 * <p>Errors: a payload that is no M is a {@link MalformedFrameException}, which closes the session with
 * {@link CloseReason.Kind#PROTOCOL}; anything else thrown by {@link #decode} closes it with
 * {@link CloseReason.Kind#HANDLER}. An M that cannot be written is an {@link IllegalArgumentException} for the sender.
 *
 * @param <M> what messages are to the application
 */
public interface Codec<M> {
    /**
     * Makes an object of a payload. Called where the handler is that takes the object, as a part of that callback: for
     * one session never twice at the same time; must not block on an I/O thread.
     *
     * @param message borrowed: the payload between position and limit, in big-endian order, valid until this method
     *     returns; any position, limit and order afterwards. What the object keeps of it must be copied
     * @return the object
     * @throws MalformedFrameException if the payload is none, such as for a peer that speaks another protocol; the
     *     message should name the place and what was expected there
     */
    M decode(ByteBuffer message) throws MalformedFrameException;

    /**
     * Makes a payload of an object. Called on the thread that sends.
     *
     * @param message the object; not changed
     * @return the payload between position and limit; the caller copies it at once and does not change it, so it may be
     *     a view of what the object holds
     * @throws IllegalArgumentException if the object cannot be written
     */
    ByteBuffer encode(M message);

    /**
     * Returns text in UTF-8. Bytes that are not UTF-8, and text with half of a surrogate pair, are refused and not
     * replaced.
     *
     * @return the codec
     */
    static Codec<String> utf8() {
        return TextCodec.UTF_8;
    }

    /**
     * Returns text in some charset. What the charset does not know, in bytes or in text, is refused and not replaced.
     *
     * @param charset how text is written; one that can encode
     * @return the codec
     * @throws IllegalArgumentException if the charset can only decode
     */
    static Codec<String> text(Charset charset) {
        return charset.equals(StandardCharsets.UTF_8) ? utf8() : new TextCodec(charset);
    }

    /**
     * Returns plain bytes: each message is an array of its own, which the application may keep.
     *
     * @return the codec
     */
    static Codec<byte[]> bytes() {
        return BytesCodec.INSTANCE;
    }
}
