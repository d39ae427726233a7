package io.millrace.client;

import io.millrace.client.internal.Endpoint;
import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.SharedSession;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionBuilder;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.Sockets;
import io.millrace.core.observe.Beans;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
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
 * <p>Lifecycle: made by {@link Builder#build()}; connects when it is first needed; ended for good by
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

    private TcpClient(IoGroup group, boolean ownsGroup, SessionSetup setup, SessionOpener opener, long drainNanos) {
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
    public static Builder builder() {
        return new Builder();
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

    private void showBean() {
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

    /** Collects the settings of a client. Not thread-safe. */
    public static final class Builder extends SessionBuilder<Builder> {
        private @Nullable Protocol protocol;
        private @Nullable Endpoint endpoint;
        private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /**
         * Sets how messages are framed. Required.
         *
         * @param newProtocol the protocol, the same as the server's
         * @return this
         */
        public Builder protocol(Protocol newProtocol) {
            this.protocol = Objects.requireNonNull(newProtocol, "newProtocol");
            return this;
        }

        /**
         * Sets where to connect to. Required.
         *
         * @param host a name, looked up anew for every connection, or an address; not empty
         * @param port from 1 to 65,535
         * @return this
         * @throws IllegalArgumentException if the host is empty, or the port is out of range
         */
        public Builder endpoint(String host, int port) {
            this.endpoint = new Endpoint(Objects.requireNonNull(host, "host"), port);
            return this;
        }

        /**
         * Sets how long looking the name up and connecting may take, all addresses of the name together.
         *
         * @param timeout more than zero; longer than a year counts as a year; {@link #DEFAULT_CONNECT_TIMEOUT} by default
         * @return this
         */
        public Builder connectTimeout(Duration timeout) {
            this.connectTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets what is in a section of a settings file: {@code endpoint} as {@code host:port}, {@code connectTimeout},
         * {@code drainTimeout}, {@code jmx}, and how sessions behave in its section {@code sessions}.
         *
         * @param settings the section
         * @return this
         * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.text("endpoint", text -> this.endpoint = Endpoint.parse(text));
                in.duration("connectTimeout", timeout -> {
                    Ranges.positiveNanos("connectTimeout", timeout);
                    connectTimeout(timeout);
                });
                readCommon(in);
            });
            return this;
        }

        /**
         * Checks the settings. Nothing is connected yet.
         *
         * @return the client
         * @throws IllegalStateException naming a required setting that is missing
         * @throws IllegalArgumentException naming the first setting that cannot be
         * @throws TransportException if the system refuses a group of the client's own, or a channel to try options on
         * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
         */
        public TcpClient build() throws TransportException {
            SessionSetup setup = new SessionSetup(
                    Side.CLIENT, Ranges.requireSet("protocol", protocol), sessionConfig(), handlers(), 0);
            Endpoint checkedEndpoint = Ranges.requireSet("endpoint", endpoint);
            long connectNanos = Ranges.positiveNanos("connectTimeout", connectTimeout);
            long drainNanos = drainNanos();
            IoGroup used = startGroup();
            try {
                IoRuntime runtime = GroupAccess.runtimeOf(used);
                Sockets.check(runtime, setup.config().socket());
                SessionOpener opener = new SessionOpener(runtime, setup, checkedEndpoint, connectNanos);
                TcpClient client = new TcpClient(used, ownsGroup(), setup, opener, drainNanos);
                client.runtime.join(client);
                if (isJmxOn()) {
                    client.showBean();
                }
                return client;
            } catch (TransportException | RuntimeException e) {
                if (ownsGroup()) {
                    used.close();
                }
                throw e;
            }
        }
    }
}
