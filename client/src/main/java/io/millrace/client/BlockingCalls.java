package io.millrace.client;

import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.internal.SessionOpener;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.IoRuntime;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for replies, on threads that may wait. Thread-safe. */
record BlockingCalls(SessionOpener opener, EndpointSource endpoints) {
    /** How much longer than its deadline a call waits for the timer to say so, in nanoseconds. */
    private static final long TIMER_GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Refuses to begin where the wait could be for ever. */
    void requireMayWait() {
        if (IoRuntime.mustNotBlock()) {
            throw new IllegalStateException("call() would block an I/O thread, and the reply might need that very"
                    + " thread: use request() there, or call from another thread");
        }
        if (opener.isInCallback()) {
            throw new IllegalStateException("call() would hold up the callback that makes it, and the reply might come"
                    + " on that very session: use request() there, or call from another thread");
        }
    }

    /** Waits for a reply that has a deadline of its own; whoever is interrupted gives it up. */
    byte[] await(CompletableFuture<ByteBuffer> reply, Duration timeout) throws TransportException {
        try {
            return reply.get(Ranges.positiveNanos("timeout", timeout) + TIMER_GRACE_NANOS, TimeUnit.NANOSECONDS)
                    .array();
        } catch (InterruptedException e) {
            reply.cancel(false);
            Thread.currentThread().interrupt();
            throw new TransportException("interrupted while waiting for " + endpoints, e);
        } catch (TimeoutException e) {
            reply.cancel(false);
            throw new RequestTimeoutException("no reply from " + endpoints + " within " + timeout);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TransportException failure
                    ? failure
                    : new TransportException("request to " + endpoints + " failed: " + e.getCause(), e.getCause());
        }
    }
}
