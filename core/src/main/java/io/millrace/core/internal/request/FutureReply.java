package io.millrace.core.internal.request;

import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The future that a caller holds for its reply: a copy of it, or the reason why there is none. */
public final class FutureReply extends CompletableFuture<ByteBuffer> implements AbandonableReply {
    // Written by the table that it waits in, before the caller has it.
    private @Nullable RequestTable table;
    private long token;

    /** Makes a reply that has not come. */
    public FutureReply() {}

    @Override
    public void waitsIn(RequestTable newTable, long newToken) {
        table = newTable;
        token = newToken;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        RequestTable waitedIn = table;
        if (cancelled && waitedIn != null) {
            waitedIn.forget(token, this);
        }
        return cancelled;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

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

    @Override
    public boolean isAbandoned() {
        return isDone();
    }
}
