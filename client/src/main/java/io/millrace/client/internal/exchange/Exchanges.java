package io.millrace.client.internal.exchange;

import io.millrace.client.internal.pool.ConnectionPool;
import io.millrace.client.internal.pool.PooledSession;
import io.millrace.client.internal.pool.WaitingRequest;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.Codec;
import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.protocol.Pairing;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * All requests of one client: one or many, for the reply, for the outcome, or with a handler that takes it.
 *
 * <p>Whether the protocol can frame a payload is for the caller to check before: here that is an outcome.
 *
 * <p>Threading: Thread-safe.
 */
public final class Exchanges {
    private final IoRuntime runtime;
    private final ConnectionPool pool;
    private final Pairing pairing;
    private final RetryConfig retry;
    private final RetryBudget budget;

    /**
     * Makes the requests of a client.
     *
     * @param runtime the group
     * @param pool where connections come from
     * @param pairing how replies find their requests
     * @param retry what is made again
     */
    public Exchanges(IoRuntime runtime, ConnectionPool pool, Pairing pairing, RetryConfig retry) {
        this.runtime = runtime;
        this.pool = pool;
        this.pairing = pairing;
        this.retry = retry;
        this.budget = new RetryBudget(retry, runtime.deadlines()::nanoTime);
    }

    /**
     * Makes a request.
     *
     * @param payload borrowed
     * @param options how
     * @return the reply, a heap copy that is the caller's; or fails with a
     *     {@link io.millrace.core.TransportException}. Cancelling it cancels the request
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, RequestOptions options) {
        return request(payload, CopyCodec.INSTANCE, options);
    }

    /**
     * Makes a request.
     *
     * @param payload borrowed
     * @param codec what reads the reply, on an I/O thread
     * @param options how
     * @param <R> what replies are
     * @return the reply, or fails with a {@link io.millrace.core.TransportException}. Cancelling it cancels the request
     */
    public <R> CompletableFuture<R> request(ByteBuffer payload, Codec<R> codec, RequestOptions options) {
        return begin(new ReplyExchange<>(this, payload, codec, options));
    }

    /**
     * Makes a request.
     *
     * @param payload borrowed
     * @param options how
     * @return the outcome, always; the reply in it is a heap copy that is the caller's. Cancelling it cancels the
     *     request, which is an outcome, too
     */
    public CompletableFuture<Outcome<ByteBuffer>> exchange(ByteBuffer payload, RequestOptions options) {
        return exchange(payload, CopyCodec.INSTANCE, options);
    }

    /**
     * Makes a request.
     *
     * @param payload borrowed
     * @param codec what reads the reply, on an I/O thread
     * @param options how
     * @param <R> what replies are
     * @return the outcome, always. Cancelling it cancels the request, which is an outcome, too
     */
    public <R> CompletableFuture<Outcome<R>> exchange(ByteBuffer payload, Codec<R> codec, RequestOptions options) {
        return begin(new OutcomeExchange<>(this, payload, codec, options));
    }

    /**
     * Makes a request in the form that keeps no copy, and so never makes it again.
     *
     * @param payload borrowed
     * @param timeoutNanos how long connecting and answering may take together, in nanoseconds
     * @param handler hears the outcome, on an I/O thread
     */
    public void request(ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        PooledSession ready = pool.tryClaimAtOnce();
        if (ready == null) {
            claim(payload, timeoutNanos, handler);
        } else {
            begin(ready, payload, timeoutNanos, handler);
        }
    }

    /** Begins a request, or lets it wait for a connection, unless the client has too much to do already. */
    private void claim(ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        TransportException refused = pool.refusal();
        if (refused != null) {
            runtime.execute(() -> handler.onFailure(refused));
            return;
        }
        PooledSession ready = pool.tryClaim();
        if (ready == null) {
            new WaitingRequest(runtime, pool, payload, timeoutNanos, handler).start();
        } else {
            begin(ready, payload, timeoutNanos, handler);
        }
    }

    private void begin(PooledSession ready, ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        TransportException failure = ready.begin(payload, timeoutNanos, handler);
        if (failure != null) {
            notBegun(ready, failure, payload, timeoutNanos, handler);
        }
    }

    /** A connection that was there has not taken the request: another one may, or the caller is told why. */
    private void notBegun(
            PooledSession ready,
            TransportException failure,
            ByteBuffer payload,
            long timeoutNanos,
            ReplyHandler handler) {
        if (ready.isForOthers(failure)) {
            new WaitingRequest(runtime, pool, payload, timeoutNanos, handler).start();
        } else {
            runtime.execute(() -> handler.onFailure(failure));
        }
    }

    private <R, T> CompletableFuture<T> begin(Exchange<R, T> exchange) {
        budget.earn(1);
        exchange.begin();
        return exchange;
    }

    /**
     * Makes many requests on one connection.
     *
     * @param payloads borrowed
     * @param options how
     * @return the outcomes in the order of the payloads, always. Cancelling it cancels what has no outcome yet, which
     *     is
     *     an outcome, too
     */
    public CompletableFuture<List<Outcome<ByteBuffer>>> batch(List<ByteBuffer> payloads, BatchOptions options) {
        Batch batch = new Batch(this, payloads, options, pairing == Pairing.ONE_AT_A_TIME);
        budget.earn(payloads.size());
        batch.start();
        return batch;
    }

    /**
     * Returns how often a request, or the rest of a batch, was made again.
     *
     * @return retries since the start
     */
    public long retries() {
        return budget.retries();
    }

    /**
     * Returns how often something was not made again because the budget was spent.
     *
     * @return refusals since the start
     */
    public long retriesRefused() {
        return budget.refusals();
    }

    IoRuntime runtime() {
        return runtime;
    }

    ConnectionPool pool() {
        return pool;
    }

    RetryBudget budget() {
        return budget;
    }

    int maxAttempts() {
        return retry.maxAttempts();
    }

    int maxAttempts(RequestOptions options) {
        return options.maxAttempts() == RequestOptions.ATTEMPTS_OF_CLIENT ? maxAttempts() : options.maxAttempts();
    }

    long nanoTime() {
        return runtime.deadlines().nanoTime();
    }
}
