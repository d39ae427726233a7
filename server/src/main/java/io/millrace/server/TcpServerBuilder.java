package io.millrace.server;

import io.millrace.core.IoGroup;
import io.millrace.core.SessionBuilder;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.Sockets;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.internal.Admission;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects the settings of a server. Not thread-safe. */
public final class TcpServerBuilder extends SessionBuilder<TcpServerBuilder> {
    /** The default limit on connections at once. */
    public static final int DEFAULT_MAX_CONNECTIONS = 100_000;

    /** The default backlog: what the kernel may hold ready while we are busy accepting. */
    public static final int DEFAULT_BACKLOG = 1024;

    private static final Logger log = LoggerFactory.getLogger(TcpServerBuilder.class);

    private @Nullable Protocol protocol;
    private int maxConnections = DEFAULT_MAX_CONNECTIONS;
    private int backlog = DEFAULT_BACKLOG;
    private int requestsInProgress;
    private ListenerConfig listenerConfig = ListenerConfig.defaults();
    private @Nullable String settingsHost;
    private @Nullable Integer settingsPort;

    TcpServerBuilder() {}

    @Override
    protected TcpServerBuilder self() {
        return this;
    }

    /**
     * Sets how messages are framed. Required.
     *
     * @param newProtocol the protocol, the same as the clients'
     * @return this
     */
    public TcpServerBuilder protocol(Protocol newProtocol) {
        this.protocol = Objects.requireNonNull(newProtocol, "newProtocol");
        return this;
    }

    /**
     * Sets the limit on connections at once. Beyond it clients wait in the backlog until others leave.
     *
     * @param limit from 1 to 100,000,000; {@link #DEFAULT_MAX_CONNECTIONS} by default
     * @return this
     */
    public TcpServerBuilder maxConnections(int limit) {
        this.maxConnections = limit;
        return this;
    }

    /**
     * Sets how many requests may be in progress in all sessions together. Those beyond are answered with
     * {@link io.millrace.core.ErrorCode#BUSY}; where the protocol has no error replies, and there is no
     * {@link #errorEncoder}, the session closes behind its earlier replies. What one session may have in progress is
     * set by {@link io.millrace.core.SessionConfigBuilder#requestsInProgress}.
     *
     * @param count from 0 (no limit); 0 by default
     * @return this
     */
    public TcpServerBuilder requestsInProgress(int count) {
        this.requestsInProgress = count;
        return this;
    }

    /**
     * Sets how many connections the kernel may hold that are not accepted yet.
     *
     * @param length from 1 to 65,535, capped by the kernel's own limit; {@link #DEFAULT_BACKLOG} by default
     * @return this
     */
    public TcpServerBuilder backlog(int length) {
        this.backlog = length;
        return this;
    }

    /**
     * Sets the socket options of the listening channel.
     *
     * @param config {@link ListenerConfig#defaults()} by default
     * @return this
     */
    public TcpServerBuilder listener(ListenerConfig config) {
        this.listenerConfig = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Sets what is in a section of a settings file: the address to {@link #bind()} to as {@code host} (all local
     * addresses if it is missing) and {@code port}, then {@code maxConnections}, {@code requestsInProgress}, {@code backlog},
     * {@code drainTimeout}, {@code jmx}, and how sessions and the listening channel behave in its sections
     * {@code sessions} and {@code listener}.
     *
     * @param settings the section
     * @return this
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public TcpServerBuilder settings(Settings settings) {
        settings.read(in -> {
            in.text("host", text -> settingsHost = text);
            in.whole("port", number -> settingsPort = requirePort(number));
            in.whole(
                    "maxConnections",
                    limit -> maxConnections(requireConnections("maxConnections", limit, 100_000_000)));
            in.whole("requestsInProgress", this::requestsInProgress);
            in.whole("backlog", length -> backlog(requireConnections("backlog", length, 65_535)));
            readCommon(in);
            in.section(
                    "listener",
                    section -> listener(
                            listenerConfig.toBuilder().settings(section).build()));
        });
        return this;
    }

    /**
     * Checks the settings and starts the server on the address that {@link #settings} named.
     *
     * @return the running server
     * @throws TransportException if the address is unknown or taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind() throws TransportException {
        if (settingsPort == null) {
            throw new IllegalStateException("port is not set: put it into the settings, or call bind(port)");
        }
        return settingsHost == null ? bind(settingsPort) : bind(settingsHost, settingsPort);
    }

    /**
     * Checks the settings and starts the server on a port of all local addresses, IPv4 and IPv6.
     *
     * @param port from 0 (the system chooses) to 65,535
     * @return the running server
     * @throws TransportException if the port is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(int port) throws TransportException {
        requirePort(port);
        return bind(new InetSocketAddress(port));
    }

    /**
     * Checks the settings and starts the server on a port of one local address.
     *
     * @param host a local name or address
     * @param port from 0 (the system chooses) to 65,535
     * @return the running server
     * @throws TransportException if the name is unknown, the port is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(String host, int port) throws TransportException {
        requirePort(port);
        InetSocketAddress address = new InetSocketAddress(Objects.requireNonNull(host, "host"), port);
        if (address.isUnresolved()) {
            throw unresolved(host);
        }
        return bind(address);
    }

    /**
     * Checks the settings and starts the server.
     *
     * @param address a local address
     * @return the running server
     * @throws TransportException if the address is unresolved or taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(InetSocketAddress address) throws TransportException {
        SessionSetup setup = new SessionSetup(
                Side.SERVER, Ranges.requireSet("protocol", protocol), sessionConfig(), handlers(), requestsInProgress);
        boolean hasTaker = handlers().takesMessages() || handlers().onRequest() != null;
        if (!hasTaker && setup.protocol().pairing() != Pairing.BY_TOKEN) {
            throw new IllegalStateException(
                    "onMessage is not set, nor is onRequest: call one of them, or what comes in has no taker");
        }
        requireConnections("maxConnections", maxConnections, 100_000_000);
        requireConnections("backlog", backlog, 65_535);
        Ranges.require("requestsInProgress", requestsInProgress, 0, Long.MAX_VALUE, "requests");
        drainNanos();
        if (address.isUnresolved()) {
            throw unresolved(address.getHostString());
        }
        IoGroup used = startGroup();
        try {
            return bindIn(used, setup, address);
        } catch (IOException e) {
            closeUnlessShared(used);
            throw new TransportException("cannot bind to " + address + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            closeUnlessShared(used);
            throw e;
        }
    }

    private static int requirePort(int port) {
        Ranges.require(port >= 0 && port <= 65_535, "port", port, "from 0 (the system chooses) to 65535");
        return port;
    }

    private static int requireConnections(String property, int count, int most) {
        Ranges.require(property, count, 1, most, "connections");
        return count;
    }

    private static TransportException unresolved(String host) {
        return new TransportException(
                "cannot bind to " + host + ": the name is not known; give a local one, a local address, or the"
                        + " port alone for all addresses",
                new UnknownHostException(host));
    }

    private void closeUnlessShared(IoGroup used) {
        if (ownsGroup()) {
            used.close();
        }
    }

    private TcpServer bindIn(IoGroup used, SessionSetup setup, InetSocketAddress address) throws IOException {
        IoRuntime runtime = GroupAccess.runtimeOf(used);
        AsynchronousServerSocketChannel channel = runtime.openServerChannel();
        TcpServer server;
        Admission admission;
        try {
            Sockets.check(runtime, setup.config().socket());
            Sockets.beforeBind(listenerConfig.options(), setup.config().socket(), channel);
            channel.bind(address, backlog);
            admission = new Admission(runtime, setup, channel, maxConnections, drainNanos());
            InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
            server = new TcpServer(used, ownsGroup(), setup.protocol(), bound, admission);
            runtime.join(server);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        log.info(
                "server started; address={} protocol={} maxConnections={} backlog={} group={} {}",
                server.localAddress(),
                setup.protocol(),
                maxConnections,
                backlog,
                used,
                setup.config());
        admission.start();
        if (isJmxOn()) {
            server.showBean();
        }
        return server;
    }
}
