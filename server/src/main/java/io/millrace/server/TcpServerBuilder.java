package io.millrace.server;

import io.millrace.core.SessionBuilder;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.admission.AdmissionConfig;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a server.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: made by {@link TcpServer#builder()}, and used for one server or more.
 *
 * <p>Errors: values are checked by {@link #build()} and {@code bind}, all together.
 */
public final class TcpServerBuilder extends SessionBuilder<TcpServerBuilder> {
    /** The default limit on connections at once. */
    public static final int DEFAULT_MAX_CONNECTIONS = AdmissionConfig.DEFAULT_MAX_CONNECTIONS;

    /** The default backlog: what the kernel may hold ready while we are busy accepting. */
    public static final int DEFAULT_BACKLOG = 1024;

    private @Nullable Protocol protocol;
    private AdmissionConfig.Builder admission = AdmissionConfig.builder();
    private int backlog = DEFAULT_BACKLOG;
    private int requestsInProgress;
    private ListenerConfig listenerConfig = ListenerConfig.defaults();
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private @Nullable ProxyProtocol proxyProtocol;
    private List<String> settingsHosts = List.of();
    private @Nullable Integer settingsPort;
    private @Nullable BiConsumer<TcpServer, ServerState> onStateChange;

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
     * Sets which connections the server takes: how many, from whom, how fast.
     *
     * @param config {@link AdmissionConfig#defaults()} by default
     * @return this
     */
    public TcpServerBuilder admission(AdmissionConfig config) {
        this.admission = Objects.requireNonNull(config, "config").toBuilder();
        return this;
    }

    /**
     * Sets the limit on connections at once, in what {@link #admission} has set. Beyond it clients wait in the backlog
     * until others leave, unless they are to be refused.
     *
     * @param limit from 1 to 100,000,000; {@link #DEFAULT_MAX_CONNECTIONS} by default
     * @return this
     */
    public TcpServerBuilder maxConnections(int limit) {
        admission.maxConnections(limit);
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
     * Sets the socket options of the listening channels.
     *
     * @param config {@link ListenerConfig#defaults()} by default
     * @return this
     */
    public TcpServerBuilder listener(ListenerConfig config) {
        this.listenerConfig = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Adds a port of all local addresses, IPv4 and IPv6, to those that the server listens on.
     *
     * @param port from 0 (the system chooses) to 65,535
     * @return this
     * @see #listenOn(InetSocketAddress)
     */
    public TcpServerBuilder listenOn(int port) {
        return listenOn(new InetSocketAddress(requirePort(port)));
    }

    /**
     * Adds a port of one local address to those that the server listens on.
     *
     * @param host a local name or address; a name stands for the first of its addresses
     * @param port from 0 (the system chooses) to 65,535
     * @return this
     * @see #listenOn(InetSocketAddress)
     */
    public TcpServerBuilder listenOn(String host, int port) {
        return listenOn(address(host, port));
    }

    /**
     * Adds an address to those that the server listens on. They are opened together: all of them, or none.
     *
     * <p>The JDK listens for both families wherever the machine has both. So the wildcard addresses {@code ::} and
     * {@code 0.0.0.0} and a port alone all mean the same, all local addresses of both families, and exclude each other
     * on one port; sessions of IPv4 clients have IPv4 addresses all the same. Any other address takes its own family
     * only. NIO.2 has no way to listen on the wildcard address of one family: for IPv4 name its addresses, or run the
     * JVM with {@code -Djava.net.preferIPv4Stack=true}; for IPv6 name its addresses.
     *
     * @param address a local address; if it is unresolved its name is looked up when the server starts
     * @return this
     */
    public TcpServerBuilder listenOn(InetSocketAddress address) {
        addresses.add(Objects.requireNonNull(address, "address"));
        return this;
    }

    /**
     * Sets what to do when the server enters another state.
     *
     * @param listener called with the server and its new state: for each state once, in order, on a thread of its own,
     *     which may be blocked, and which nobody waits for but {@link TcpServer#close()}, for 1 s. A throw is logged
     * @return this
     */
    public TcpServerBuilder onStateChange(BiConsumer<TcpServer, ServerState> listener) {
        this.onStateChange = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Has the server stand behind proxies that say with the PROXY protocol who the client is. Off by default.
     *
     * @param config which proxies to believe
     * @return this
     */
    public TcpServerBuilder proxyProtocol(ProxyProtocol config) {
        this.proxyProtocol = Objects.requireNonNull(config, "config");
        return this;
    }

    private void proxyProtocol(Settings section) {
        ProxyProtocol.Builder before = proxyProtocol == null ? ProxyProtocol.builder() : proxyProtocol.toBuilder();
        proxyProtocol(before.settings(section).build());
    }

    /**
     * Sets what is in a section of a settings file: the addresses to listen on as {@code host} (one, or several with
     * commas between them; all local addresses if it is missing) and {@code port}, unless {@code listenOn} or
     * {@code bind} name some; then {@code maxConnections}, {@code requestsInProgress}, {@code backlog},
     * {@code threads}, {@code drainTimeout}, {@code jmx}, and in its sections {@code admission} whom to let in, {@code sessions} how
     * sessions behave, {@code listener} the options of the listening channels, and {@code proxyProtocol} which proxies
     * to believe.
     *
     * @param settings the section
     * @return this
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public TcpServerBuilder settings(Settings settings) {
        settings.read(in -> {
            in.text("host", text -> settingsHosts = hosts(text));
            in.whole("port", number -> settingsPort = requirePort(number));
            in.whole(
                    "maxConnections",
                    limit -> maxConnections(requireConnections("maxConnections", limit, 100_000_000)));
            in.whole("requestsInProgress", count -> requestsInProgress(requireRequests(count)));
            in.whole("backlog", length -> backlog(requireConnections("backlog", length, 65_535)));
            in.section("admission", section -> admission.settings(section).build());
            readCommon(in);
            in.section(
                    "listener",
                    section -> listener(
                            listenerConfig.toBuilder().settings(section).build()));
            in.section("proxyProtocol", this::proxyProtocol);
        });
        return this;
    }

    /**
     * Checks the settings and makes a server that is not started: it has no thread, and nothing is open.
     *
     * @return the server, for {@link TcpServer#start()}
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing, an address among them
     */
    public TcpServer build() {
        List<InetSocketAddress> wanted = addresses.isEmpty() ? settingsAddresses() : addresses;
        if (wanted.isEmpty()) {
            throw new IllegalStateException(
                    "port is not set: put it into the settings, or call listenOn(port) or bind(port)");
        }
        return build(wanted);
    }

    /**
     * Checks the settings and starts the server on the addresses that {@code listenOn} or {@link #settings} named.
     *
     * @return the running server
     * @throws TransportException if a name is unknown, an address is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind() throws TransportException {
        return build().start();
    }

    /**
     * Checks the settings and starts the server on a port of all local addresses, IPv4 and IPv6, and on those that
     * {@code listenOn} named.
     *
     * @param port from 0 (the system chooses) to 65,535
     * @return the running server
     * @throws TransportException if the port is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(int port) throws TransportException {
        return bind(new InetSocketAddress(requirePort(port)));
    }

    /**
     * Checks the settings and starts the server on a port of one local address, and on those that {@code listenOn}
     * named.
     *
     * @param host a local name or address; a name stands for the first of its addresses
     * @param port from 0 (the system chooses) to 65,535
     * @return the running server
     * @throws TransportException if the name is unknown, the port is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(String host, int port) throws TransportException {
        return bind(address(host, port));
    }

    /**
     * Checks the settings and starts the server on an address, and on those that {@code listenOn} named, which come
     * first.
     *
     * @param address a local address, as for {@link #listenOn(InetSocketAddress)}
     * @return the running server
     * @throws TransportException if a name is unknown, an address is taken, or the system refuses
     * @throws IllegalArgumentException naming the first setting that cannot be
     * @throws IllegalStateException naming a required setting that is missing
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer bind(InetSocketAddress address) throws TransportException {
        // The builder keeps its own list, for it may be used again.
        List<InetSocketAddress> wanted = new ArrayList<>(addresses);
        wanted.add(Objects.requireNonNull(address, "address"));
        return build(wanted).start();
    }

    private TcpServer build(List<InetSocketAddress> wanted) {
        SessionSetup setup = new SessionSetup(
                Side.SERVER, Ranges.requireSet("protocol", protocol), sessionConfig(), handlers(), requestsInProgress);
        boolean hasTaker = handlers().takesMessages() || handlers().onRequest() != null;
        if (!hasTaker && setup.protocol().pairing() != Pairing.BY_TOKEN) {
            throw new IllegalStateException(
                    "onMessage is not set, nor is onRequest: call one of them, or what comes in has no taker");
        }
        requireRequests(requestsInProgress);
        requireUse("requestsInProgress", requestsInProgress);
        requireUse("requestLimit", sessionConfig().requestLimit());
        return new TcpServer(new ServerPlan(
                setup,
                List.copyOf(wanted),
                listenerConfig,
                requireConnections("backlog", backlog, 65_535),
                admission.build(),
                proxyProtocol,
                drainNanos(),
                isJmxOn(),
                sharedGroup(),
                ownThreads(),
                onStateChange));
    }

    private void requireUse(String property, int limit) {
        Ranges.require(
                limit == 0 || handlers().onRequest() != null,
                property,
                limit,
                "0, because onRequest is not set and there are no requests to count");
    }

    private List<InetSocketAddress> settingsAddresses() {
        Integer port = settingsPort;
        if (port == null) {
            return List.of();
        }
        return settingsHosts.isEmpty()
                ? List.of(new InetSocketAddress(port))
                : settingsHosts.stream().map(host -> address(host, port)).toList();
    }

    private static List<String> hosts(String text) {
        List<String> hosts =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        Ranges.require(
                hosts.stream().noneMatch(String::isEmpty), "host", text, "a name or address, or several with commas");
        return hosts;
    }

    private static InetSocketAddress address(String host, int port) {
        return new InetSocketAddress(Objects.requireNonNull(host, "host"), requirePort(port));
    }

    private static int requirePort(int port) {
        Ranges.require(port >= 0 && port <= 65_535, "port", port, "from 0 (the system chooses) to 65535");
        return port;
    }

    private static int requireRequests(int count) {
        Ranges.require("requestsInProgress", count, 0, Long.MAX_VALUE, "requests");
        return count;
    }

    private static int requireConnections(String property, int count, int most) {
        Ranges.require(property, count, 1, most, "connections");
        return count;
    }
}
