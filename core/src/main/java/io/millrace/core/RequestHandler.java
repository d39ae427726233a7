package io.millrace.core;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests.
 *
 * <p>Threading: as {@link MessageHandler}; but the reply may be given later, from any thread.
 *
 * <p>Errors: a throw before the reply was given becomes an error reply where the protocol has one or there is an
 * {@link ErrorEncoder}, and the session lives on; otherwise it closes the session with
 * {@link CloseReason.Kind#HANDLER}. It is logged at WARN with its stack, rate-limited: for a refusal of the
 * application's own, which the peer should know the code of, call {@link Reply#fail}. A {@link MalformedFrameException},
 * such as a codec throws, blames the peer instead, as in {@link MessageHandler#onMessage}: the request is answered with
 * {@link ErrorCode#PROTOCOL} where that is possible, the session closes with {@link CloseReason.Kind#PROTOCOL}, and it is
 * no warning.
 */
@FunctionalInterface
public interface RequestHandler {
    /**
     * Takes a request.
     *
     * @param session whose request it is
     * @param request borrowed: the request between position and limit, valid until this method returns
     * @param reply where the answer goes, now or later, exactly once
     * @throws Exception anything: the peer is told that the handler failed, if no reply was given before
     */
    void onRequest(Session session, ByteBuffer request, Reply reply) throws Exception;

    /** Turns a request into its reply at once. */
    @FunctionalInterface
    interface Processor {
        /**
         * Computes the reply.
         *
         * @param request borrowed: the request between position and limit
         * @return the reply between position and limit; may be the request itself
         * @throws Exception anything: the peer is told that the handler failed
         */
        ByteBuffer process(ByteBuffer request) throws Exception;
    }

    /**
     * Returns what computes the replies, if this handler answers each request at once and does nothing else. A session
     * may then ask that directly, and make no {@link Reply}.
     *
     * @implSpec Returns null. A handler that returns a processor is not called any more, for it would do the same.
     * @return the processor, always the same; or null
     */
    default @Nullable Processor processor() {
        return null;
    }

    /**
     * Returns a handler that answers each request before it takes the next. Nothing is allocated for an answer that is
     * given so, where a {@link Reply} that may be answered at any time is an object of its own. One that finds no room
     * in the send queue is lost, for nobody could give it again: the peer is told with {@link ErrorCode#HANDLER}, and
     * where the protocol has no errors the session ends.
     *
     * @param processor computes replies
     * @return the handler
     */
    static RequestHandler of(Processor processor) {
        return new ProcessorHandler(processor);
    }
}
