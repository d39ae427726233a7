package io.millrace.samples;

import io.millrace.core.Reply;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Answers requests with their own bytes, as if that took some work. */
final class DelayedEcho {
    private DelayedEcho() {}

    static void answer(ByteBuffer request, Reply reply, int millis) {
        // The request is lent for the length of this call only.
        byte[] payload = new byte[request.remaining()];
        request.get(payload);
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(() -> reply.send(payload));
    }
}
