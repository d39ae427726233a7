package io.millrace.client;

import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.exchange.Exchanges;
import io.millrace.client.internal.pool.ConnectionPool;
import io.millrace.client.internal.pool.OwnConnection;
import io.millrace.client.internal.pool.SendLanes;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.PoolStats;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.Codec;
import io.millrace.core.IoGroup;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A TCP client of one endpoint or of several that serve the same.
 *
 * <p>Its requests and messages travel over a {@linkplain PoolConfig pool} of connections, which are made when they are
 * needed, replaced when they are lost, and given up with a {@linkplain io.millrace.client.endpoint.Backoff back-off} when
 * nobody answers. Many requests share a connection where the protocol pairs replies with them; over a protocol with one
 * request at a time each has a connection to itself until its reply has come or is given up, also if the caller has
 * cancelled it. {@link #connect()} opens connections outside of the pool, which are the caller's own: the raw form of a
 * client.
 *
 * <p>A client either asks or converses. Built without {@code onMessage}, {@code onPart} and {@code onRequest}, every
 * message from the peer is the reply to a request. Built with one of them, messages go there. With
 * {@link io.millrace.core.protocol.Protocol#millrace()}, which tells replies from messages, it does both.
 *
 * <p>A request is done at most once, unless the caller says that it may be done twice: it is
 * {@linkplain io.millrace.client.request.RetryConfig made again} only if certainly no byte of it has reached a peer, or
 * the peer has said that it did not begin.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made by {@link TcpClientBuilder#build()}; connects when it is first needed, or at once if
 * {@link PoolConfig#minIdle()} says so; ended for good by {@link #close()}.
 *
 * <p>Ownership: payloads are borrowed until the call returns; replies belong to the caller, but for those that a
 * {@link ReplyHandler} borrows.
 *
 * <p>Errors: failures are {@link TransportException}s, in futures, in outcomes or thrown by the blocking {@link #call};
 * each knows whether the peer {@linkplain TransportException#maybeSent() may have seen} what was asked.
 */
public final class TcpClient implements AutoCloseable {
    /** The default time for looking a name up and connecting: 10 s. */
    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final IoGroup group;
    private final IoRuntime runtime;
    private final ClientPlan plan;
    private final PayloadCheck payloads;
    private final SessionOpener opener;
    private final ConnectionPool pool;
    private final Exchanges exchanges;
    private final SendLanes lanes;
    private final BlockingCalls calls;
    private final ClientLifecycle lifecycle;

    TcpClient(IoGroup group, boolean ownsGroup, ClientPlan plan) {
        this.group = group;
        this.runtime = GroupAccess.runtimeOf(group);
        this.plan = plan;
        SessionSetup setup = plan.setup();
        this.payloads = new PayloadCheck(setup);
        this.opener = new SessionOpener(runtime, setup, plan.connectOptions());
        this.pool = new ConnectionPool(runtime, plan.poolPlan(), new PoolOpening(opener, plan));
        this.exchanges = new Exchanges(runtime, pool, setup.protocol().pairing(), plan.retry());
        this.lanes =
                new SendLanes(runtime, pool, plan.connectNanos(), setup.config().sendLimit());
        this.calls = new BlockingCalls(opener, plan.endpoints());
        this.lifecycle = new ClientLifecycle(group, ownsGroup, plan, opener, pool);
    }

    /** Joins the group, and connects what shall always be connected. Called once. */
    void start() {
        lifecycle.start(this);
    }

    /** {@return a new builder with all defaults} */
    public static TcpClientBuilder builder() {
        return new TcpClientBuilder();
    }

    /**
     * Opens a connection of the caller's own, outside of the pool and its limits. Of several endpoints it tries one
     * after the other, in the picker's order, all within the connect timeout.
     *
     * @return completes on an I/O thread, after {@code onOpen}, with the open session; or fails with a
     *     {@link TransportException}, mostly a {@link io.millrace.core.ConnectFailedException} that tells why.
     *     Cancelling it gives the connection up
     */
    public CompletableFuture<Session> connect() {
        return new OwnConnection(runtime, opener, plan.connectNanos()).open(pool.endpointsInTurn(), pool.enquiry());
    }

    /**
     * Borrows a connection from the pool: nobody else uses it until it is given back. Over every protocol; where requests
     * share connections, one without requests is lent, and if there is none for long, one is kept from new requests until
     * those on it are done.
     *
     * <p>Waiting for it by {@code join()} or {@code get()} is for threads that may wait. In a callback of Millrace's it
     * would hold up an I/O thread, perhaps the very one that is to bring the connection: compose there instead, as with
     * {@code thenAccept}.
     *
     * @param timeout how long to wait for a connection, connecting included; more than zero
     * @return completes on an I/O thread with the connection, which must be given back; or, perhaps at once, with
     *     {@link io.millrace.client.request.RequestRefusedException}, {@link RequestTimeoutException} or another
     *     {@link TransportException} that says why there is none. Cancelling it gives the wish up; a connection that
     *     comes all the same goes back
     * @throws IllegalArgumentException if the timeout is not positive
     */
    public CompletableFuture<Borrowed> borrow(Duration timeout) {
        return pool.borrow(Ranges.positiveNanos("timeout", timeout));
    }

    /**
     * Sends a request to one of the endpoints, connecting first if need be.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long connecting and answering may take together, retries included; more than zero
     * @return completes on an I/O thread with the reply, a fresh copy that belongs to the caller; or with
     *     {@link io.millrace.client.request.RequestRefusedException}, {@link RequestTimeoutException},
     *     {@link io.millrace.core.ErrorReplyException}, {@link io.millrace.core.SessionClosedException} or another
     *     {@link TransportException}, which all know whether the peer {@linkplain TransportException#maybeSent() may
     *     have seen} the request. Cancelling it cancels the request
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages: over a protocol without tokens this
     *     client was built with {@code onMessage}, {@code onPart} or {@code onRequest}; or the protocol has no frames
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        return request(payload, RequestOptions.within(timeout));
    }

    /**
     * Sends a request, as {@link #request(ByteBuffer, Duration)} does.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply or the failure
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages
     */
    public CompletableFuture<ByteBuffer> request(byte[] payload, Duration timeout) {
        return request(ByteBuffer.wrap(payload), timeout);
    }

    /**
     * Sends a request, as {@link #request(ByteBuffer, Duration)} does.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param options how long it may take, and whether it may be done twice
     * @return the reply or the failure
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, RequestOptions options) {
        payloads.requireRequest(payload);
        return exchanges.request(payload, options);
    }

    /**
     * Sends a request that a codec writes, and has another one read the reply.
     *
     * @param message the request; not needed any more when the call returns
     * @param codec what writes it
     * @param replies what reads the reply, on an I/O thread
     * @param options how long it may take, and whether it may be done twice
     * @param <M> what requests are to the application
     * @param <R> what replies are to it
     * @return the reply or the failure, as {@link #request(ByteBuffer, Duration)} answers them
     * @throws IllegalArgumentException if the codec cannot write it, or the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages
     */
    public <M, R> CompletableFuture<R> request(
            M message, Codec<? super M> codec, Codec<R> replies, RequestOptions options) {
        ByteBuffer payload = codec.encode(message);
        payloads.requireRequest(payload);
        return exchanges.request(payload, replies, options);
    }

    /**
     * Sends a request and takes its outcome without allocating. Unlike the other forms it keeps no copy of the request,
     * so it is never made again: what was lost is told.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long connecting and answering may take together; more than zero
     * @param handler hears the outcome, once, on an I/O thread
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages
     */
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        payloads.requireRequest(payload);
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        exchanges.request(payload, timeoutNanos, handler);
    }

    /**
     * Sends a request, and tells whatever becomes of it as a value.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param options how long it may take, and whether it may be done twice
     * @return completes on an I/O thread, never with an exception. Cancelling it cancels the request, which is an
     *     outcome, too
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages
     */
    public CompletableFuture<Outcome<ByteBuffer>> exchange(ByteBuffer payload, RequestOptions options) {
        payloads.requireRequest(payload);
        return exchanges.exchange(payload, options);
    }

    /**
     * Sends a request that a codec writes, has another one read the reply, and tells whatever becomes of it as a value.
     *
     * @param message the request; not needed any more when the call returns
     * @param codec what writes it
     * @param replies what reads the reply, on an I/O thread
     * @param options how long it may take, and whether it may be done twice
     * @param <M> what requests are to the application
     * @param <R> what replies are to it
     * @return completes on an I/O thread, never with an exception; a reply that the codec refuses is
     *     {@link Outcome.Kind#UNREADABLE_REPLY}. Cancelling it cancels the request, which is an outcome, too
     * @throws IllegalArgumentException if the codec cannot write it, or the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages
     */
    public <M, R> CompletableFuture<Outcome<R>> exchange(
            M message, Codec<? super M> codec, Codec<R> replies, RequestOptions options) {
        ByteBuffer payload = codec.encode(message);
        payloads.requireRequest(payload);
        return exchanges.exchange(payload, replies, options);
    }

    /**
     * Sends requests on one connection, and tells whatever becomes of each as a value.
     *
     * @param messages borrowed: the requests
     * @param options how long all may take together, whether each waits for the one before it to be answered, and what
     *     becomes of the rest when the connection is lost
     * @return completes on an I/O thread, never with an exception: the outcomes in the order of the requests.
     *     Cancelling it cancels what has no outcome yet, which is an outcome, too
     * @throws IllegalArgumentException if the protocol's frames cannot carry one of them: then none is sent
     * @throws IllegalStateException if replies could not be told from messages
     */
    public CompletableFuture<List<Outcome<ByteBuffer>>> batch(List<ByteBuffer> messages, BatchOptions options) {
        messages.forEach(payloads::requireRequest);
        return exchanges.batch(messages, options);
    }

    /**
     * Sends a message that asks for no reply. The messages of one thread keep their order as long as their connection
     * lasts. They wait for one as long as the connect timeout says, and at most as much memory as
     * {@link io.millrace.core.SessionConfig#sendLimit()} waits so.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @return completes, mostly on an I/O thread, when it has been written to a connection; or fails with a
     *     {@link TransportException}, which knows whether the peer {@linkplain TransportException#maybeSent() may have
     *     seen} it. It is not sent again
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if the peer would take it for a request: over a protocol without tokens this client
     *     was built without {@code onMessage}, {@code onPart} and {@code onRequest}
     */
    public CompletableFuture<Void> send(ByteBuffer message) {
        payloads.requireMessage(message);
        return lanes.send(null, message);
    }

    /**
     * Sends a message that asks for no reply. Messages with equal keys keep their order as long as their connection
     * lasts, whichever threads send them.
     *
     * @param key what the message belongs to, such as an account
     * @param message borrowed: the payload between position and limit, which do not change
     * @return as {@link #send(ByteBuffer)} answers
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if the peer would take it for a request, as for {@link #send(ByteBuffer)}
     */
    public CompletableFuture<Void> send(Object key, ByteBuffer message) {
        Objects.requireNonNull(key, "key");
        payloads.requireMessage(message);
        return lanes.send(key, message);
    }

    /**
     * Sends a request and waits for the reply.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply
     * @throws TransportException if there is no reply, with the reason; also if the thread is interrupted, which cancels
     *     the request and keeps the thread's interrupt status
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages, as for {@link #request}; or on an I/O
     *     thread or in a callback of a session of this client's, which must not wait
     */
    public byte[] call(byte[] payload, Duration timeout) throws TransportException {
        calls.requireMayWait();
        return calls.await(request(payload, timeout), timeout);
    }

    /** {@return the group that this client works with} */
    public IoGroup group() {
        return group;
    }

    /** {@return how the client stands with its endpoints} */
    public ClientState state() {
        return pool.state();
    }

    /** {@return what is known of each endpoint; empty if none is known yet} */
    public List<EndpointStats> endpoints() {
        return pool.endpointStats();
    }

    /** {@return a snapshot of the pool of connections} */
    public PoolStats poolStats() {
        return pool.stats();
    }

    /** Tries failed endpoints again at once, and also those that the client had given up. */
    public void reconnect() {
        pool.reconnect();
    }

    /** {@return a snapshot of the counters of this client} */
    public TcpClientStats stats() {
        return new TcpClientStats(
                opener.count(),
                opener.peak(),
                opener.opened(),
                opener.failures(),
                pool.requestsInProgress(),
                exchanges.retries(),
                exchanges.retriesRefused(),
                opener.totals());
    }

    String endpoint() {
        return plan.endpoints().toString();
    }

    /** {@return how many sessions there are, those being opened or closed included} */
    public int sessionCount() {
        return opener.count();
    }

    /**
     * Ends the client: refuses what waits for a connection and whatever comes from now on, lets requests in flight have
     * their replies, closes all sessions in good order, and cuts those that have not ended after the drain timeout, 5 s
     * by default. Waits for that; on an I/O thread it starts the close and returns. Never throws; closing again waits
     * for the first close. Borrowed connections and those of {@link #connect} are closed, too.
     */
    @Override
    public void close() {
        lifecycle.close();
    }

    @Override
    public String toString() {
        return lifecycle.toString();
    }
}
