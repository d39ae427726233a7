package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.SentMarker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells by a future what became of a message; cancelling it takes the message back. */
final class FutureSend extends CompletableFuture<Void> {
    private final SendLoop send;
    private final SentMarker marker;

    FutureSend(SendLoop send) {
        this.send = send;
        this.marker = new SentMarker(failure -> complete(this, failure));
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
        return !isDone() && send.tryRemove(marker) && super.cancel(mayInterruptIfRunning);
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
            giveUp(abort);
            throw new TransportException(
                    "not sent: not written within "
                            + Duration.ofNanos(timeoutNanos).toMillis() + " ms",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            giveUp(abort);
            throw new TransportException("not sent: interrupted while waiting for the write", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TransportException failure
                    ? failure
                    : new TransportException("not sent: " + e.getCause(), e.getCause());
        }
    }

    private void giveUp(Supplier<CloseReason> abort) throws SessionClosedException {
        boolean written = isDone() && !isCompletedExceptionally();
        if (!written && !cancel(false) && !isDone()) {
            throw new SessionClosedException(abort.get(), true);
        }
    }
}
