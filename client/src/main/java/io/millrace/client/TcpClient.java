package io.millrace.client;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.SharedSession;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.observe.Beans;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.time.Duration;
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
    private final Endpoint endpoint;
    private final SessionSetup setup;
    /** Never encodes: it refuses payloads before there is a session that could. */
    private final FrameEncoder payloadCheck;

    private final long drainNanos;
    private final SessionOpener opener;
    private final SharedSession shared;
    private final CloseOnce closing;
    // Written once, when the bean is shown; what closes meanwhile is noticed by whoever is later.
    private volatile Beans.Registration bean = Beans.none();

    TcpClient(IoGroup group, boolean ownsGroup, SessionSetup setup, SessionOpener opener, long drainNanos) {
        this.group = group;
        this.ownsGroup = ownsGroup;
        this.runtime = GroupAccess.runtimeOf(group);
        this.setup = setup;
        this.payloadCheck = setup.protocol().newEncoder(Side.CLIENT);
        this.drainNanos = drainNanos;
        this.opener = opener;
        this.endpoint = opener.endpoint();
        this.shared = new SharedSession(runtime, opener::open, setup.config().sendLimit());
        this.closing = new CloseOnce(runtime);
    }

    /** {@return a new builder with all defaults} */
    public static TcpClientBuilder builder() {
        return new TcpClientBuilder();
    }

    /**
     * Opens a connection of the caller's own.
     *
     * @return completes on an I/O thread, after {@code onOpen}, with the open session; or fails with a
     *     {@link TransportException}, such as {@link io.millrace.core.ConnectTimeoutException}
     */
    public CompletableFuture<Session> connect() {
        return opener.open();
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
        requireAsking();
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        setup.requireNoHeartbeat(payload.remaining());
        payloadCheck.check(payload);
        return shared.request(payload, timeoutNanos);
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
            throw new TransportException("interrupted while waiting for " + endpoint, e);
        } catch (TimeoutException e) {
            reply.cancel(false);
            throw new RequestTimeoutException("no reply from " + endpoint + " within " + timeout);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TransportException failure
                    ? failure
                    : new TransportException("request to " + endpoint + " failed: " + e.getCause(), e.getCause());
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
        return endpoint.toString();
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

    void showBean() {
        bean = Beans.register("Client", endpoint(), new ClientBean(this));
        if (closing.hasStarted()) {
            bean.remove();
        }
    }

    private void drainAndClose() {
        int cut = opener.close(CLOSING, drainNanos);
        runtime.leave(this);
        bean.remove();
        log.debug("client stopped; endpoint={} cut={}", endpoint, cut);
    }

    private void closeOwnGroup() {
        if (ownsGroup) {
            group.close();
        }
    }

    @Override
    public String toString() {
        return "TcpClient[" + endpoint + ", " + setup.protocol() + "]";
    }
}
