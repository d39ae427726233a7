package io.millrace.core;

import java.nio.ByteBuffer;

/**
 * Takes the outcome of one request, in the form that allocates nothing.
 *
 * <p>Threading: exactly one of the two methods is called, once, on an I/O thread of the session's group (or on the
 * calling thread, when the request is refused at once). It must not block.
 *
 * <p>Errors: a throw is logged and changes nothing.
 */
public interface ReplyHandler {
    /**
     * Takes the reply.
     *
     * @param reply borrowed: the reply between position and limit, valid until this method returns
     */
    void onReply(ByteBuffer reply);

    /**
     * Takes the reason why there is no reply.
     *
     * @param failure {@link RequestTimeoutException}, {@link SessionClosedException}, {@link ErrorReplyException}, or a
     *     {@link NotSentException} that says why the request was refused; {@link TransportException#maybeSent} tells
     *     whether it can be asked again without doing its work twice
     */
    void onFailure(TransportException failure);
}
