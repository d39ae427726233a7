package io.millrace.client;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.endpoint.NameResolver;
import io.millrace.client.internal.ConnectOptions;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.SessionPreparation;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.SessionBuilder;
import io.millrace.core.Settings;
import io.millrace.core.SettingsReader;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.Sockets;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
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
    private @Nullable EndpointSource endpoints;

    /** What makes the picker of each client: but for one of the application's own, turns are not shared. */
    private Supplier<EndpointPicker> endpointPicker = EndpointPicker::roundRobin;

    private Backoff backoff = Backoff.defaults();
    private PoolConfig pool = PoolConfig.defaults();
    private WhileDown whileDown = WhileDown.FAIL;
    private RetryConfig retry = RetryConfig.defaults();
    private @Nullable ClientStateListener onState;
    private @Nullable SessionPreparation prepare;
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
     * Sets where to connect to: one endpoint, in place of what was set before. This or {@code endpoints} is required.
     *
     * @param host a name, looked up anew for every connection, or an address; not empty
     * @param port from 1 to 65,535
     * @return this
     * @throws IllegalArgumentException if the host is empty, or the port is out of range
     */
    public TcpClientBuilder endpoint(String host, int port) {
        return endpoints(new Endpoint(host, port));
    }

    /**
     * Sets where to connect to: endpoints that serve the same, in place of what was set before.
     *
     * @param newEndpoints at least one, each once; their order is the one that they are asked in by turns
     * @return this
     * @throws IllegalArgumentException if there are none, or one is there twice
     */
    public TcpClientBuilder endpoints(Endpoint... newEndpoints) {
        return endpoints(EndpointSource.of(newEndpoints));
    }

    /**
     * Sets what says where to connect to, in place of what was set before.
     *
     * @param source asked off the I/O threads before the client first connects, and again after failures, at most once a
     *     second
     * @return this
     */
    public TcpClientBuilder endpoints(EndpointSource source) {
        this.endpoints = Objects.requireNonNull(source, "source");
        return this;
    }

    /**
     * Sets how to choose between endpoints.
     *
     * @param picker {@link EndpointPicker#roundRobin()} by default, one for each client; the same for all clients that
     *     are built with this builder if it is set here
     * @return this
     */
    public TcpClientBuilder endpointPicker(EndpointPicker picker) {
        Objects.requireNonNull(picker, "picker");
        this.endpointPicker = () -> picker;
        return this;
    }

    /**
     * Sets how long an endpoint that fails is left alone, and when it is given up.
     *
     * @param newBackoff {@link Backoff#defaults()} by default
     * @return this
     */
    public TcpClientBuilder backoff(Backoff newBackoff) {
        this.backoff = Objects.requireNonNull(newBackoff, "newBackoff");
        return this;
    }

    /**
     * Sets how many connections are kept, for how long, and who may wait for one.
     *
     * @param config {@link PoolConfig#defaults()} by default
     * @return this
     */
    public TcpClientBuilder pool(PoolConfig config) {
        this.pool = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Sets what becomes of requests while nothing can be connected.
     *
     * @param choice {@link WhileDown#FAIL} by default
     * @return this
     */
    public TcpClientBuilder whileDown(WhileDown choice) {
        this.whileDown = Objects.requireNonNull(choice, "choice");
        return this;
    }

    /**
     * Sets how often requests are made again that have certainly not been done, or may be done twice.
     *
     * @param config {@link RetryConfig#defaults()} by default
     * @return this
     */
    public TcpClientBuilder retry(RetryConfig config) {
        this.retry = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Sets what makes a connection of the pool ready before it is used: a login, or the subscriptions that a new
     * connection has to make again.
     *
     * @param preparation nothing by default. Sessions of {@link TcpClient#connect} are the caller's to prepare
     * @return this
     */
    public TcpClientBuilder prepare(SessionPreparation preparation) {
        this.prepare = Objects.requireNonNull(preparation, "preparation");
        return this;
    }

    /**
     * Sets what hears of the client's state.
     *
     * @param listener called on I/O threads, in order, one call at a time; must not block; a throw is logged
     * @return this
     */
    public TcpClientBuilder onStateChange(ClientStateListener listener) {
        this.onState = Objects.requireNonNull(listener, "listener");
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
     * Sets what is in a section of a settings file: {@code endpoint} as {@code host:port}, or {@code endpoints} with
     * commas between them; {@code endpointPicker} as {@code roundRobin}, {@code random} or {@code leastInFlight};
     * {@code whileDown}, {@code connectTimeout}, {@code resolveTimeout}, {@code localAddress} as {@code host:port},
     * {@code threads}, {@code drainTimeout}, {@code jmx}; in its section {@code retry} what is made again, in {@code backoff} how
     * long an endpoint that fails is left alone, in {@code pool} which connections are kept, and in {@code sessions} how
     * sessions behave.
     *
     * @param settings the section
     * @return this
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public TcpClientBuilder settings(Settings settings) {
        settings.read(in -> {
            readEndpoints(in);
            in.text("endpointPicker", text -> this.endpointPicker = pickerNamed(text));
            in.choice("whileDown", WhileDown.values(), this::whileDown);
            in.duration("connectTimeout", timeout -> {
                Ranges.positiveNanos("connectTimeout", timeout);
                connectTimeout(timeout);
            });
            in.duration("resolveTimeout", timeout -> {
                Ranges.positiveNanos("resolveTimeout", timeout);
                resolveTimeout(timeout);
            });
            in.text("localAddress", this::localAddress);
            in.section("retry", section -> retry(retry.settings(section)));
            in.section("backoff", section -> backoff(backoff.settings(section)));
            in.section(
                    "pool", section -> pool(pool.toBuilder().settings(section).build()));
            readCommon(in);
        });
        return this;
    }

    private void readEndpoints(SettingsReader in) {
        List<Endpoint> one = new ArrayList<>();
        in.text("endpoint", text -> one.add(Endpoint.parse(text)));
        one.forEach(this::endpoints);
        in.text("endpoints", text -> {
            List<Endpoint> several = Endpoint.parseList(text);
            if (!one.isEmpty()) {
                throw new IllegalArgumentException("there is endpoint, too; keep one of the two");
            }
            endpoints(several.toArray(Endpoint[]::new));
        });
    }

    private static Supplier<EndpointPicker> pickerNamed(String name) {
        return switch (name) {
            case "roundRobin" -> EndpointPicker::roundRobin;
            case "random" -> EndpointPicker::random;
            case "leastInFlight" -> EndpointPicker::leastInFlight;
            default -> throw new IllegalArgumentException("it must be one of roundRobin, random, leastInFlight");
        };
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

    /** Checks the settings. */
    ClientPlan plan() {
        SessionSetup setup =
                new SessionSetup(Side.CLIENT, Ranges.requireSet("protocol", protocol), sessionConfig(), handlers(), 0);
        return new ClientPlan(
                setup,
                Ranges.requireSet("endpoint", endpoints),
                endpointPicker.get(),
                backoff,
                pool,
                whileDown,
                retry,
                onState,
                prepare,
                Ranges.positiveNanos("connectTimeout", connectTimeout),
                new ConnectOptions(nameResolver, Ranges.positiveNanos("resolveTimeout", resolveTimeout), localAddress),
                drainNanos(),
                isJmxOn());
    }

    /** {@return whether the client works with any group: none has been set, nor how many threads its own has} */
    boolean lacksGroup() {
        return ownsGroup() && !wantsOwnThreads();
    }
}
