package io.millrace.client;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
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
    private @Nullable Protocol protocol;
    private @Nullable Endpoint endpoint;
    private Duration connectTimeout = TcpClient.DEFAULT_CONNECT_TIMEOUT;

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
     * Sets what is in a section of a settings file: {@code endpoint} as {@code host:port}, {@code connectTimeout},
     * {@code drainTimeout}, {@code jmx}, and how sessions behave in its section {@code sessions}.
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
                drainNanos(),
                isJmxOn());
    }
}
