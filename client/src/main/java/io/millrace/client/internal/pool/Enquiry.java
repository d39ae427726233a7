package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.core.NotSentException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks where the endpoints are, for connections outside of the pool.
 *
 * <p>Threading: Thread-safe.
 */
public final class Enquiry {
    /*
     *   IDLE --- ask() ---> ASKING, on a thread of its own ---> IDLE
     *
     * Who asks while an answer is to come joins, so that a source that hangs holds one thread, however many wait for it.
     * They have their deadlines themselves. Futures are completed outside the lock.
     */
    private final EndpointSource source;

    // Guarded by this.
    private @Nullable CompletableFuture<List<Endpoint>> answer;
    private @Nullable Thread asker;
    private boolean closed;

    /**
     * Makes it.
     *
     * @param source who knows
     */
    Enquiry(EndpointSource source) {
        this.source = source;
    }

    /**
     * Asks.
     *
     * @return completes on a thread that is for nothing else; shared with others, so not to be completed or cancelled
     */
    synchronized CompletableFuture<List<Endpoint>> ask() {
        if (closed) {
            return CompletableFuture.failedFuture(closed());
        }
        CompletableFuture<List<Endpoint>> asked = answer;
        if (asked != null) {
            return asked;
        }
        CompletableFuture<List<Endpoint>> next = new CompletableFuture<>();
        try {
            Thread thread = new Thread(null, () -> ask(next), "millrace-enquiry", 0, false);
            thread.setDaemon(true);
            thread.start();
            answer = next;
            asker = thread;
        } catch (OutOfMemoryError noThread) {
            return CompletableFuture.failedFuture(noThread);
        }
        return next;
    }

    private void ask(CompletableFuture<List<Endpoint>> next) {
        List<Endpoint> endpoints = null;
        Throwable unknown = null;
        try {
            endpoints = List.copyOf(source.endpoints());
        } catch (Throwable thrown) {
            unknown = PoolFailures.endpointsUnknown(thrown);
        }
        synchronized (this) {
            answer = null;
            asker = null;
        }
        if (unknown != null) {
            next.completeExceptionally(unknown);
        } else {
            next.complete(endpoints);
        }
    }

    /** Fails whoever waits for an answer, and interrupts whoever gives it. */
    void close() {
        CompletableFuture<List<Endpoint>> never;
        synchronized (this) {
            closed = true;
            never = answer;
            if (asker != null) {
                asker.interrupt();
            }
        }
        if (never != null) {
            never.completeExceptionally(closed());
        }
    }

    private static NotSentException closed() {
        return new NotSentException("the client is closed");
    }
}
