package io.millrace.core;

import java.nio.ByteBuffer;

/**
 * The answer that one request is waiting for. Where replies have no tokens they leave in the order of the requests,
 * whatever the order in which they are given.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: given to {@link RequestHandler#onRequest}; answered once, by whoever comes first.
 */
public interface Reply {
    /**
     * Sends the reply.
     *
     * @param payload borrowed: the reply between position and limit, which do not change
     * @return what became of it; after {@link SendResult#REFUSED} it may be tried again
     * @throws IllegalStateException if the request has been answered already
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    SendResult send(ByteBuffer payload);

    /**
     * Sends the reply.
     *
     * @param payload borrowed: the reply
     * @return what became of it; after {@link SendResult#REFUSED} it may be tried again
     * @throws IllegalStateException if the request has been answered already
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    default SendResult send(byte[] payload) {
        return send(ByteBuffer.wrap(payload));
    }

    /**
     * Answers with an error. Where the protocol has no error replies it is what the {@link ErrorEncoder} makes of it;
     * without one the session closes, after the replies to earlier requests.
     *
     * @param code from {@link ErrorCode#FIRST_OF_APPLICATION} to {@link ErrorCode#LAST}, or one of {@link ErrorCode}
     * @param text what to say about it
     * @return what became of it
     * @throws IllegalStateException if the request has been answered already
     * @throws IllegalArgumentException if the code cannot be sent
     */
    SendResult fail(int code, String text);

    /**
     * Returns whether the request has been answered.
     *
     * @return true once an answer has been accepted
     */
    boolean isAnswered();
}
