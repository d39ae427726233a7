package io.millrace.core;

import java.nio.ByteBuffer;

/** A handler that answers each request at once. */
record ProcessorHandler(RequestHandler.Processor processor) implements RequestHandler {
    @Override
    public void onRequest(Session session, ByteBuffer request, Reply reply) throws Exception {
        if (reply.send(processor.process(request)) == SendResult.REFUSED) {
            reply.fail(ErrorCode.HANDLER, "the answer found no room in the send queue");
        }
    }
}
