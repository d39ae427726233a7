package io.millrace.core.internal.request;

import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The future that a caller holds for its reply: a copy of it, or the reason why there is none. */
public final class FutureReply extends CompletableFuture<ByteBuffer> implements ReplyHandler {
    /** Makes a reply that has not come. */
    public FutureReply() {}

    @Override
    public void onReply(ByteBuffer reply) {
        try {
            complete(ByteBuffer.allocate(reply.remaining()).put(reply).flip());
        } catch (OutOfMemoryError noRoomForTheCopy) {
            completeExceptionally(noRoomForTheCopy);
        }
    }

    @Override
    public void onFailure(TransportException failure) {
        completeExceptionally(failure);
    }
}
