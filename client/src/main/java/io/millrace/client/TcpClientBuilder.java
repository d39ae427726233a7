package io.millrace.client;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.endpoint.NameResolver;
import io.millrace.client.internal.ConnectOptions;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.core.IoGroup;
import io.millrace.core.SessionBuilder;
import io.millrace.core.Settings;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.Sockets;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a client.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: made by {@link TcpClient#builder()}, and used for one client or more.
 *
 * <p>Errors: values are checked by {@link #build()}, all together.
 */
public final class TcpClientBuilder extends SessionBuilder<TcpClientBuilder> {
    /** The default time for looking a name up: 5 s, so that a lookup that hangs leaves half of the connect's time. */
    public static final Duration DEFAULT_RESOLVE_TIMEOUT = Duration.ofNanos(ConnectOptions.DEFAULT_RESOLVE_NANOS);

    private @Nullable Protocol protocol;
    private @Nullable Endpoint endpoint;
    private Duration connectTimeout = TcpClient.DEFAULT_CONNECT_TIMEOUT;
    private Duration resolveTimeout = DEFAULT_RESOLVE_TIMEOUT;
    private NameResolver nameResolver = NameResolver.system();
    private @Nullable InetSocketAddress localAddress;

    TcpClientBuilder() {}

    @Override
    protected TcpClientBuilder self() {
        return this;
    }

    /**
     * Sets how messages are framed. Required.
     *
     * @param newProtocol the protocol, the same as the server's
     * @return this
     */
    public TcpClientBuilder protocol(Protocol newProtocol) {
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
    public TcpClientBuilder endpoint(String host, int port) {
        this.endpoint = new Endpoint(Objects.requireNonNull(host, "host"), port);
        return this;
    }

    /**
     * Sets how long looking the name up and connecting may take, all addresses of the name together.
     *
     * @param timeout more than zero; longer than a year counts as a year; {@link TcpClient#DEFAULT_CONNECT_TIMEOUT} by default
     * @return this
     */
    public TcpClientBuilder connectTimeout(Duration timeout) {
        this.connectTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long looking a name up may take. The connect's own timeout goes on meanwhile and counts if it is shorter.
     * A name that is not found in time is not waited for; other names are not kept waiting by it.
     *
     * @param timeout more than zero; longer than a year counts as a year; {@link #DEFAULT_RESOLVE_TIMEOUT} by default
     * @return this
     */
    public TcpClientBuilder resolveTimeout(Duration timeout) {
        this.resolveTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how the addresses of names are found. They are asked for anew for every connection, off the I/O threads, and
     * tried in turn with the time that is left shared among them.
     *
     * @param resolver finds addresses; {@link NameResolver#system()} by default
     * @return this
     */
    public TcpClientBuilder nameResolver(NameResolver resolver) {
        this.nameResolver = Objects.requireNonNull(resolver, "resolver");
        return this;
    }

    /**
     * Sets where connections come from. By default the system chooses address and port.
     *
     * <p>A port other than 0 allows one connection at a time, and the next one only when the system has forgotten the
     * last, which takes minutes if this side closed first. Only addresses of the same family are connected to.
     *
     * @param address an address of this machine, or the wildcard address; port 0 lets the system choose
     * @return this
     * @throws IllegalArgumentException if the address is unresolved
     */
    public TcpClientBuilder localAddress(InetSocketAddress address) {
        Objects.requireNonNull(address, "address");
        Ranges.require(
                !address.isUnresolved(), "localAddress", address, "an address of this machine, such as 127.0.0.1:0");
        this.localAddress = address;
        return this;
    }

    private void localAddress(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        Integer port = portOf(text.substring(colon + 1));
        Ranges.require(
                port != null && !host.isBlank(),
                "localAddress",
                text,
                "host:port with a port from 0 (the system chooses) to 65535, such as 127.0.0.1:0 or [::1]:0");
        localAddress(new InetSocketAddress(host, Objects.requireNonNull(port)));
    }

    private static @Nullable Integer portOf(String text) {
        try {
            int port = Integer.parseInt(text);
            return port >= 0 && port <= 65_535 ? port : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /**
     * Sets what is in a section of a settings file: {@code endpoint} as {@code host:port}, {@code connectTimeout},
     * {@code resolveTimeout}, {@code localAddress} as {@code host:port}, {@code drainTimeout}, {@code jmx}, and how
     * sessions behave in its section {@code sessions}.
     *
     * @param settings the section
     * @return this
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public TcpClientBuilder settings(Settings settings) {
        settings.read(in -> {
            in.text("endpoint", text -> this.endpoint = Endpoint.parse(text));
            in.duration("connectTimeout", timeout -> {
                Ranges.positiveNanos("connectTimeout", timeout);
                connectTimeout(timeout);
            });
            in.duration("resolveTimeout", timeout -> {
                Ranges.positiveNanos("resolveTimeout", timeout);
                resolveTimeout(timeout);
            });
            in.text("localAddress", this::localAddress);
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
        ClientPlan plan = plan();
        IoGroup used = startGroup();
        try {
            Sockets.check(GroupAccess.runtimeOf(used), plan.setup().config().socket());
            TcpClient client = new TcpClient(used, ownsGroup(), plan);
            client.start();
            return client;
        } catch (TransportException | RuntimeException e) {
            if (ownsGroup()) {
                used.close();
            }
            throw e;
        }
    }

    private ClientPlan plan() {
        return new ClientPlan(
                new SessionSetup(Side.CLIENT, Ranges.requireSet("protocol", protocol), sessionConfig(), handlers(), 0),
                EndpointSource.of(Ranges.requireSet("endpoint", endpoint)),
                EndpointPicker.roundRobin(),
                Backoff.defaults(),
                PoolConfig.defaults(),
                WhileDown.FAIL,
                null,
                Ranges.positiveNanos("connectTimeout", connectTimeout),
                new ConnectOptions(nameResolver, Ranges.positiveNanos("resolveTimeout", resolveTimeout), localAddress),
                drainNanos(),
                isJmxOn());
    }
}
