package io.millrace.client.internal.pool;

import io.millrace.core.NotSentException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.TcpSession;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One attempt to add a connection to the pool: connects it, and has the application prepare it. */
public final class Attempt extends Deadline {
    /*
     *   connecting --> preparing (only if the application asked for it) --> done
     *       |              |
     *       +--------------+--> failed: refused, lost, deadline
     *
     * `done` is completed once, whoever comes first: success, failure or, while preparing, the deadline, after which
     * the session is cut off. While connecting, the connector's own deadline serves.
     */
    private final IoRuntime runtime;
    private final PooledSession pooled;
    private final long startNanos;
    private final long timeoutNanos;
    private final long failuresBefore;
    private final CompletableFuture<TcpSession> done = new CompletableFuture<>();
    // Written by start(), read by giveUp(), which the pool calls one after the other.
    private volatile @Nullable CompletableFuture<TcpSession> connecting;

    /** Guarded by the pool. */
    Attempt(IoRuntime runtime, PooledSession pooled, long timeoutNanos) {
        this.runtime = runtime;
        this.pooled = pooled;
        this.startNanos = runtime.deadlines().nanoTime();
        this.timeoutNanos = timeoutNanos;
        this.failuresBefore = pooled.slot().lastFailureNumber;
    }

    PooledSession pooled() {
        return pooled;
    }

    /** Returns which failure of the endpoint was its last one when this began. */
    long failuresBefore() {
        return failuresBefore;
    }

    long startNanos() {
        return startNanos;
    }

    /** Starts it; completes on an I/O thread, or at once if the client is closed. */
    CompletableFuture<TcpSession> start(Opening opening) {
        CompletableFuture<TcpSession> begun = opening.connect(pooled);
        connecting = begun;
        begun.whenComplete((session, failure) -> {
            if (session == null) {
                done.completeExceptionally(failure);
            } else {
                pooled.connected(session);
                prepare(opening, session);
            }
        });
        return done;
    }

    /** Ends it: its permit is needed elsewhere. */
    void giveUp() {
        done.completeExceptionally(new NotSentException("the connection to " + pooled.endpoint()
                + " was not made soon enough: its place was needed for another endpoint"));
        CompletableFuture<TcpSession> begun = connecting;
        if (begun != null) {
            begun.cancel(false);
        }
    }

    private void prepare(Opening opening, TcpSession session) {
        done.whenComplete((ready, failure) -> {
            if (failure != null) {
                runtime.deadlines().cancel(this);
                session.abort();
            }
        });
        CompletionStage<?> prepared;
        try {
            prepared = opening.prepare(session);
        } catch (Throwable thrown) {
            notPrepared(thrown);
            return;
        }
        if (prepared == null) {
            done.complete(session);
            return;
        }
        runtime.deadlines().arm(this, timeoutNanos);
        session.closed().thenAccept(reason -> notPrepared(new TransportException("it closed: " + reason)));
        prepared.whenComplete((nothing, failure) -> {
            if (failure != null) {
                notPrepared(failure);
            } else {
                runtime.deadlines().cancel(this);
                done.complete(session);
            }
        });
    }

    private void notPrepared(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        done.completeExceptionally(new NotSentException(
                "the connection to " + pooled.endpoint() + " could not be prepared: " + PoolFailures.messageOf(cause),
                cause));
    }

    @Override
    protected void expired() {
        runtime.execute(() -> done.completeExceptionally(new NotSentException("the connection to "
                + pooled.endpoint() + " was not prepared within "
                + Duration.ofNanos(timeoutNanos).toMillis() + " ms")));
    }

    /** How connections are opened. */
    public interface Opening {
        /**
         * Connects.
         *
         * @param pooled which connection it is to be
         * @return completes on an I/O thread; cancelling it gives the connection up
         */
        CompletableFuture<TcpSession> connect(PooledSession pooled);

        /**
         * Has the application prepare a session.
         *
         * @param session the session
         * @return completes when it is ready to be used; null if it is
         */
        @Nullable
        CompletionStage<?> prepare(TcpSession session);
    }
}
