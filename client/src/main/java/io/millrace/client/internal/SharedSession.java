package io.millrace.client.internal;

import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The one connection that a client's requests share: made when it is first needed, and again when it is lost. */
public final class SharedSession {
    private final IoRuntime runtime;
    private final Supplier<CompletableFuture<Session>> connect;

    // Guarded by this.
    private @Nullable CompletableFuture<Session> current;

    /**
     * Makes a shared session that is not connected yet.
     *
     * @param runtime the group
     * @param connect makes a connection
     */
    public SharedSession(IoRuntime runtime, Supplier<CompletableFuture<Session>> connect) {
        this.runtime = runtime;
        this.connect = connect;
    }

    private synchronized CompletableFuture<Session> current() {
        CompletableFuture<Session> future = current;
        if (future == null || isUseless(future)) {
            future = connect.get();
            current = future;
        }
        return future;
    }

    private static boolean isUseless(CompletableFuture<Session> future) {
        return future.isDone()
                && (future.isCompletedExceptionally() || !future.join().isOpen());
    }

    /**
     * Sends a request, once there is a connection.
     *
     * @param payload borrowed
     * @param timeoutNanos how long connecting and answering may take together, in nanoseconds
     * @return the reply, as {@link Session#request} answers it, or why there is no connection
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, long timeoutNanos) {
        CompletableFuture<Session> session = current();
        if (session.isDone() && !session.isCompletedExceptionally()) {
            return session.join().request(payload, Duration.ofNanos(timeoutNanos));
        }
        ByteBuffer copy = ByteBuffer.allocate(payload.remaining())
                .put(payload.duplicate())
                .flip();
        WaitingRequest waiting = new WaitingRequest(copy, timeoutNanos);
        session.whenComplete(waiting::connected);
        return waiting.reply;
    }

    /** A request that came before the connection. */
    private final class WaitingRequest extends Deadline {
        private final CompletableFuture<ByteBuffer> reply = new CompletableFuture<>();
        private final ByteBuffer payload;
        private final long timeoutNanos;
        private final long deadlineNanos;

        WaitingRequest(ByteBuffer payload, long timeoutNanos) {
            this.payload = payload;
            this.timeoutNanos = timeoutNanos;
            this.deadlineNanos = runtime.deadlines().nanoTime() + timeoutNanos;
            runtime.deadlines().arm(this, timeoutNanos);
        }

        void connected(@Nullable Session session, @Nullable Throwable failure) {
            long leftNanos = deadlineNanos - runtime.deadlines().nanoTime();
            if (session == null) {
                runtime.deadlines().cancel(this);
                reply.completeExceptionally(failure);
            } else if (leftNanos > 0 && !reply.isDone()) {
                runtime.deadlines().cancel(this);
                session.request(payload, Duration.ofNanos(leftNanos)).whenComplete(this::answered);
            }
        }

        private void answered(@Nullable ByteBuffer answer, @Nullable Throwable failure) {
            if (failure != null) {
                reply.completeExceptionally(failure);
            } else {
                reply.complete(answer);
            }
        }

        @Override
        protected void expired() {
            runtime.execute(() -> reply.completeExceptionally(new RequestTimeoutException("no connection within "
                    + Duration.ofNanos(timeoutNanos).toMillis() + " ms, so the request was not sent")));
        }
    }
}
