package io.millrace.client;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.internal.OwnConnection;
import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.pool.ConnectionPool;
import io.millrace.client.internal.pool.PooledSession;
import io.millrace.client.internal.pool.WaitingRequest;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.request.FutureReply;
import io.millrace.core.observe.Beans;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP client of one endpoint.
 *
 * <p>It either asks or converses. Built without {@code onMessage}, {@code onPart} and {@code onRequest}, every message
 * from the peer is the reply to a {@link #request} or {@link #call}. Built with one of them, {@link #connect()} opens
 * sessions whose messages go there. With {@link Protocol#millrace()}, which tells replies from messages, it does both.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made by {@link TcpClientBuilder#build()}; connects when it is first needed; ended for good by
 * {@link #close()}.
 *
 * <p>Errors: failures are {@link TransportException}s, in futures or thrown by the blocking {@link #call}.
 */
public final class TcpClient implements AutoCloseable {
    /** The default time for looking a name up and connecting: 10 s. */
    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(TcpClient.class);
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "the client is closing");
    /** How much longer than its deadline a blocking call waits for the timer to say so, in nanoseconds. */
    private static final long TIMER_GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final IoGroup group;
    private final boolean ownsGroup;
    private final IoRuntime runtime;
    private final ClientPlan plan;
    private final SessionSetup setup;
    /** Never encodes: it refuses payloads before there is a session that could. */
    private final FrameEncoder payloadCheck;

    private final SessionOpener opener;
    private final ConnectionPool pool;
    private final CloseOnce closing;
    // Written once, when the bean is shown; what closes meanwhile is noticed by whoever is later.
    private volatile Beans.Registration bean = Beans.none();

    TcpClient(IoGroup group, boolean ownsGroup, ClientPlan plan) {
        this.group = group;
        this.ownsGroup = ownsGroup;
        this.runtime = GroupAccess.runtimeOf(group);
        this.plan = plan;
        this.setup = plan.setup();
        this.payloadCheck = setup.protocol().newEncoder(Side.CLIENT);
        this.opener = new SessionOpener(runtime, setup, plan.connectOptions());
        this.pool = new ConnectionPool(runtime, plan.poolPlan(), new PoolOpening(opener, plan));
        this.closing = new CloseOnce(runtime);
    }

    /** Joins the group, and connects what shall always be connected. Called once. */
    void start() {
        runtime.join(this);
        if (plan.jmx()) {
            bean = Beans.register("Client", endpoint(), new ClientBean(this));
            if (closing.hasStarted()) {
                bean.remove();
            }
        }
        pool.start();
    }

    /** {@return a new builder with all defaults} */
    public static TcpClientBuilder builder() {
        return new TcpClientBuilder();
    }

    /**
     * Opens a connection of the caller's own.
     *
     * @return completes on an I/O thread, after {@code onOpen}, with the open session; or fails with a
     *     {@link TransportException}, mostly a {@link io.millrace.core.ConnectFailedException} that tells why.
     *     Cancelling it gives the connection up
     */
    public CompletableFuture<Session> connect() {
        List<Endpoint> endpoints = pool.endpointsInTurn();
        if (!endpoints.isEmpty()) {
            return connectTo(endpoints);
        }
        CompletableFuture<Session> opened = new CompletableFuture<>();
        runtime.executeBlocking(() -> {
            try {
                connectTo(plan.endpoints().endpoints()).whenComplete((session, failure) -> {
                    if (session != null) {
                        opened.complete(session);
                    } else {
                        opened.completeExceptionally(failure);
                    }
                });
            } catch (IOException | RuntimeException unknown) {
                opened.completeExceptionally(
                        new TransportException("endpoints are not known: " + unknown.getMessage(), unknown));
            }
        });
        return opened;
    }

    private CompletableFuture<Session> connectTo(List<Endpoint> endpoints) {
        return new OwnConnection(runtime.deadlines(), opener, endpoints, plan.connectNanos()).open();
    }

    /**
     * Sends a request on the client's shared connection, connecting first if there is none.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply or the failure, as {@link Session#request} answers them
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages: over a protocol without tokens this
     *     client was built with {@code onMessage}, {@code onPart} or {@code onRequest}; or the protocol has no frames
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        FutureReply reply = new FutureReply();
        request(payload, timeout, reply);
        return reply;
    }

    /**
     * Sends a request and takes its outcome without allocating. Unlike the other forms it keeps no copy of the request,
     * so it is never asked again: what was lost is told, and {@link TransportException#maybeSent()} says whether the
     * peer may have seen it.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long connecting and answering may take together; more than zero
     * @param handler hears the outcome, once, on an I/O thread
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages, as for the other forms
     */
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        requireAsking();
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        setup.requireNoHeartbeat(payload.remaining());
        payloadCheck.check(payload);
        TransportException refused = pool.refusal();
        if (refused != null) {
            runtime.execute(() -> handler.onFailure(refused));
            return;
        }
        PooledSession ready = pool.tryClaim();
        TransportException failure = ready == null ? null : ready.begin(payload, timeoutNanos, handler);
        if (ready == null || (failure != null && !ready.isUsable())) {
            new WaitingRequest(runtime, pool, payload, timeoutNanos, handler).start();
        } else if (failure != null) {
            runtime.execute(() -> handler.onFailure(failure));
        }
    }

    /**
     * Sends a request, as {@link #request(ByteBuffer, Duration)} does.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply or the failure, as {@link Session#request} answers them
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages: over a protocol without tokens this
     *     client was built with {@code onMessage}, {@code onPart} or {@code onRequest}; or the protocol has no frames
     */
    public CompletableFuture<ByteBuffer> request(byte[] payload, Duration timeout) {
        return request(ByteBuffer.wrap(payload), timeout);
    }

    /**
     * Sends a request and waits for the reply.
     *
     * @param payload borrowed: the request
     * @param timeout how long connecting and answering may take together; more than zero
     * @return the reply
     * @throws TransportException if there is no reply, with the reason
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages, as for {@link #request}; or on an I/O
     *     thread, which must not wait
     */
    public byte[] call(byte[] payload, Duration timeout) throws TransportException {
        if (IoRuntime.mustNotBlock()) {
            throw new IllegalStateException("call() would block an I/O thread, and the reply might need that very"
                    + " thread: use request() there, or call from another thread");
        }
        CompletableFuture<ByteBuffer> reply = request(payload, timeout);
        try {
            return reply.get(Ranges.positiveNanos("timeout", timeout) + TIMER_GRACE_NANOS, TimeUnit.NANOSECONDS)
                    .array();
        } catch (InterruptedException e) {
            reply.cancel(false);
            Thread.currentThread().interrupt();
            throw new TransportException("interrupted while waiting for " + endpoint(), e);
        } catch (TimeoutException e) {
            reply.cancel(false);
            throw new RequestTimeoutException("no reply from " + endpoint() + " within " + timeout);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TransportException failure
                    ? failure
                    : new TransportException("request to " + endpoint() + " failed: " + e.getCause(), e.getCause());
        }
    }

    private void requireAsking() {
        if (setup.asks()) {
            return;
        }
        throw new IllegalStateException(
                setup.protocol().pairing() == Pairing.NONE
                        ? setup.protocol() + " has no frames, so a reply has no end: choose a protocol that has"
                        : "this client was built with onMessage, onPart or onRequest, so replies could not be told from"
                                + " what they take: build another one without onMessage, onPart and onRequest, or use"
                                + " Protocol.millrace()");
    }

    /** {@return the group that this client works with} */
    public IoGroup group() {
        return group;
    }

    /** {@return a snapshot of the counters of this client} */
    public TcpClientStats stats() {
        return new TcpClientStats(opener.count(), opener.peak(), opener.opened(), opener.failures(), opener.totals());
    }

    String endpoint() {
        return plan.endpoints().toString();
    }

    /** {@return how many sessions there are, those being opened or closed included} */
    public int sessionCount() {
        return opener.count();
    }

    /**
     * Fails what is being connected, closes all sessions in good order, and cuts those that have not ended after the
     * drain timeout. Waits for that; on an I/O thread it starts the close and returns. Never throws; closing again
     * waits for the first close.
     */
    @Override
    public void close() {
        closing.close(() -> {}, this::drainAndClose, this::closeOwnGroup);
    }

    private void drainAndClose() {
        pool.close();
        int cut = opener.close(CLOSING, plan.drainNanos());
        runtime.leave(this);
        bean.remove();
        log.debug("client stopped; endpoint={} cut={}", endpoint(), cut);
    }

    private void closeOwnGroup() {
        if (ownsGroup) {
            group.close();
        }
    }

    @Override
    public String toString() {
        return "TcpClient[" + endpoint() + ", " + setup.protocol() + "]";
    }
}
