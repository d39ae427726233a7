package io.millrace.core;

import java.nio.ByteBuffer;

/** A handler that answers each request at once. */
record ProcessorHandler(RequestHandler.Processor processor) implements RequestHandler {
    @Override
    public void onRequest(Session session, ByteBuffer request, Reply reply) throws Exception {
        reply.send(processor.process(request));
    }
}
