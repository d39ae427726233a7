package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.NotSentException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.SentMarker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells by a future what became of a message; cancelling it takes the message back. */
final class FutureSend extends CompletableFuture<Void> {
    private final SendLoop send;
    private final SentMarker marker;

    /**
     * Makes a future of a message to be sent; a private one, which only {@link #awaitWritten} sees, is told at once.
     */
    FutureSend(SendLoop send, boolean isPrivate) {
        this.send = send;
        this.marker = new SentMarker(failure -> complete(this, failure), isPrivate);
    }

    SentMarker marker() {
        return marker;
    }

    static void complete(CompletableFuture<Void> future, @Nullable TransportException failure) {
        if (failure == null) {
            future.complete(null);
        } else {
            future.completeExceptionally(failure);
        }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return isCancelled() || (!isDone() && send.tryRemove(marker) && super.cancel(mayInterruptIfRunning));
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    /** Waits until the message is written; takes it back when that takes too long, or ends the session. */
    void awaitWritten(long timeoutNanos, Supplier<CloseReason> abort) throws TransportException {
        try {
            get(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            String waited = Duration.ofNanos(timeoutNanos).toMillis() + " ms";
            giveUp(new NotSentException("not sent: not written within " + waited, e), abort);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            giveUp(new NotSentException("not sent: interrupted while waiting for the write", e), abort);
        } catch (ExecutionException e) {
            throw failure(e);
        }
    }

    /** Takes the message back; if it is too late for that, what became of it counts, or nothing can be told. */
    private void giveUp(TransportException takenBack, Supplier<CloseReason> abort) throws TransportException {
        if (cancel(false)) {
            throw takenBack;
        }
        if (!isDone()) {
            throw new SessionClosedException(abort.get(), true);
        }
        try {
            join();
        } catch (CompletionException e) {
            throw failure(e);
        }
    }

    private static TransportException failure(Exception outcome) {
        Throwable cause = outcome.getCause();
        return cause instanceof TransportException failure
                ? failure
                : new TransportException("not sent: " + cause, cause == null ? outcome : cause);
    }
}
