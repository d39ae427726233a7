package io.millrace.core;

import java.nio.ByteBuffer;

/**
 * Puts an error into words that a peer understands, where the protocol has no error replies.
 *
 * <p>Threading: called on any thread, by several at once.
 *
 * <p>Errors: a throw is logged, and the session closes as if there were no encoder.
 */
@FunctionalInterface
public interface ErrorEncoder {
    /**
     * Makes the payload of an error reply.
     *
     * @param code one of {@link ErrorCode}, or the application's from {@link ErrorCode#FIRST_OF_APPLICATION}
     * @param text what to say about it
     * @return the payload between position and limit; transferred
     */
    ByteBuffer encode(int code, String text);
}
