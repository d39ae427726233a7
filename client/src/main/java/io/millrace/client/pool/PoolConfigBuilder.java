package io.millrace.client.pool;

import io.millrace.core.Settings;
import io.millrace.core.config.Ranges;
import java.time.Duration;
import java.util.Objects;

/**
 * Collects how a client keeps its connections.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: made by {@link PoolConfig#builder()}, and used for one configuration or more.
 *
 * <p>Errors: values are checked by {@link #build()}, all together.
 */
public final class PoolConfigBuilder {
    private static final int MOST_CONNECTIONS = 1_000_000;
    private static final String CONNECTIONS = "connections";

    int maxConnections = PoolConfig.DEFAULT_MAX_CONNECTIONS;
    /** 0 while it is not set: then it follows {@link #maxConnections}. */
    int maxConnectionsPerEndpoint;

    int minIdle;
    int maxWaiting = PoolConfig.DEFAULT_MAX_WAITING;
    Duration acquireTimeout = Duration.ZERO;
    Duration idleTimeout = PoolConfig.DEFAULT_IDLE_TIMEOUT;
    int requestsPerConnection = PoolConfig.DEFAULT_REQUESTS_PER_CONNECTION;
    int maxRequests = PoolConfig.DEFAULT_MAX_REQUESTS;
    PoolOrder order = PoolOrder.LIFO;
    Duration attemptDelay = PoolConfig.DEFAULT_ATTEMPT_DELAY;
    Duration leakAfter = Duration.ZERO;

    PoolConfigBuilder() {}

    /**
     * Sets the limit on connections at once, to all endpoints together: those being opened, idle and borrowed ones
     * included. An idle connection to one endpoint is closed when another endpoint needs its place.
     *
     * @param limit from 1 to 1,000,000; {@link PoolConfig#DEFAULT_MAX_CONNECTIONS} by default
     * @return this
     */
    public PoolConfigBuilder maxConnections(int limit) {
        this.maxConnections = limit;
        return this;
    }

    /**
     * Sets the limit on connections to one endpoint at once.
     *
     * @param limit from 1 to {@link #maxConnections}; 0, the default, is
     *     {@link PoolConfig#DEFAULT_MAX_CONNECTIONS_PER_ENDPOINT}, or {@code maxConnections} if that is less
     * @return this
     */
    public PoolConfigBuilder maxConnectionsPerEndpoint(int limit) {
        this.maxConnectionsPerEndpoint = limit;
        return this;
    }

    /**
     * Sets how many connections to each endpoint are kept open though nobody uses them. With more than 0 the client
     * connects as soon as it is built, and again whenever it has lost connections; with 0 a request does.
     *
     * @param count from 0, the default, to {@link #maxConnectionsPerEndpoint}
     * @return this
     */
    public PoolConfigBuilder minIdle(int count) {
        this.minIdle = count;
        return this;
    }

    /**
     * Sets how many callers may wait for a connection, first come, first served. Those beyond are refused at once
     * ("connections exhausted").
     *
     * @param limit from 0 (nobody waits) to 1,000,000; {@link PoolConfig#DEFAULT_MAX_WAITING} by default
     * @return this
     */
    public PoolConfigBuilder maxWaiting(int limit) {
        this.maxWaiting = limit;
        return this;
    }

    /**
     * Sets how long a caller waits for a connection at most, if its own deadline is not earlier.
     *
     * @param timeout from 0, the default, for which only its own deadline counts, to 365 days
     * @return this
     */
    public PoolConfigBuilder acquireTimeout(Duration timeout) {
        this.acquireTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long a connection is kept that nobody uses, beyond {@link #minIdle}. Its age is limited by
     * {@link io.millrace.core.SessionConfigBuilder#maxAge}, with jitter.
     *
     * @param timeout from 0 (for ever) to 365 days; {@link PoolConfig#DEFAULT_IDLE_TIMEOUT} by default
     * @return this
     */
    public PoolConfigBuilder idleTimeout(Duration timeout) {
        this.idleTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets when requests that share connections get another one: when every connection has so many in flight, and the
     * limits allow it. It is no limit itself: beyond the limits on connections they carry more. Where a protocol has
     * one request at a time on a connection it says nothing.
     *
     * @param count from 1 to 16,384; {@link PoolConfig#DEFAULT_REQUESTS_PER_CONNECTION} by default
     * @return this
     */
    public PoolConfigBuilder requestsPerConnection(int count) {
        this.requestsPerConnection = count;
        return this;
    }

    /**
     * Sets how many requests the client may have in progress at once, those that wait for a connection included. Those
     * beyond are refused at once ("too many requests").
     *
     * @param limit from 1 to 100,000,000; {@link PoolConfig#DEFAULT_MAX_REQUESTS} by default
     * @return this
     */
    public PoolConfigBuilder maxRequests(int limit) {
        this.maxRequests = limit;
        return this;
    }

    /**
     * Sets which of several idle connections to an endpoint is used first.
     *
     * @param newOrder {@link PoolOrder#LIFO} by default
     * @return this
     */
    public PoolConfigBuilder order(PoolOrder newOrder) {
        this.order = Objects.requireNonNull(newOrder, "newOrder");
        return this;
    }

    /**
     * Sets how long one attempt to connect may take before another endpoint is tried beside it, so that an endpoint
     * that swallows connections does not hold up what another one could answer. Whichever is connected first is used.
     *
     * @param delay from 0 (never) to 1 day; {@link PoolConfig#DEFAULT_ATTEMPT_DELAY} by default. It is the Connection
     *     Attempt Delay of RFC 8305, which advises against less than 100 ms and more than 2 s
     * @return this
     */
    public PoolConfigBuilder attemptDelay(Duration delay) {
        this.attemptDelay = Objects.requireNonNull(delay, "delay");
        return this;
    }

    /**
     * Sets how long a connection may be borrowed before it is taken for forgotten: then it is logged at WARN, with the
     * stack of who borrowed it. It is not taken away. While this is on, each borrow records a stack.
     *
     * @param time from 0 (never), the default, to 365 days
     * @return this
     */
    public PoolConfigBuilder leakAfter(Duration time) {
        this.leakAfter = Objects.requireNonNull(time, "time");
        return this;
    }

    /**
     * Sets what is in a section of a settings file. The keys are the names of the methods here.
     *
     * @param settings the section
     * @return this
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public PoolConfigBuilder settings(Settings settings) {
        settings.read(in -> {
            in.whole("maxConnections", this::maxConnections);
            in.whole("maxConnectionsPerEndpoint", this::maxConnectionsPerEndpoint);
            in.whole("minIdle", this::minIdle);
            in.whole("maxWaiting", this::maxWaiting);
            in.duration("acquireTimeout", this::acquireTimeout);
            in.duration("idleTimeout", this::idleTimeout);
            in.whole("requestsPerConnection", this::requestsPerConnection);
            in.whole("maxRequests", this::maxRequests);
            in.choice("order", PoolOrder.values(), this::order);
            in.duration("attemptDelay", this::attemptDelay);
            in.duration("leakAfter", this::leakAfter);
        });
        return this;
    }

    /**
     * Checks all values together.
     *
     * @return the configuration
     * @throws IllegalArgumentException naming the first value that cannot be
     */
    public PoolConfig build() {
        Ranges.require("maxConnections", maxConnections, 1, MOST_CONNECTIONS, CONNECTIONS);
        Ranges.require("maxConnectionsPerEndpoint", maxConnectionsPerEndpoint, 0, MOST_CONNECTIONS, CONNECTIONS);
        Ranges.require(
                maxConnectionsPerEndpoint <= maxConnections,
                "maxConnectionsPerEndpoint",
                maxConnectionsPerEndpoint,
                "at most maxConnections, " + maxConnections + " connections");
        Ranges.require("minIdle", minIdle, 0, MOST_CONNECTIONS, CONNECTIONS);
        Ranges.require("maxWaiting", maxWaiting, 0, 1_000_000, "callers");
        Ranges.requireFromZero("acquireTimeout", acquireTimeout, 365, "the caller's own deadline");
        Ranges.requireFromZero("idleTimeout", idleTimeout, 365, "for ever");
        Ranges.require("requestsPerConnection", requestsPerConnection, 1, 16_384, "requests");
        Ranges.require("maxRequests", maxRequests, 1, 100_000_000, "requests");
        Ranges.requireFromZero("attemptDelay", attemptDelay, 1, "never");
        Ranges.requireFromZero("leakAfter", leakAfter, 365, "never");
        PoolConfig config = new PoolConfig(this);
        Ranges.require(
                minIdle <= config.maxConnectionsPerEndpoint(),
                "minIdle",
                minIdle,
                "at most maxConnectionsPerEndpoint, " + config.maxConnectionsPerEndpoint() + " connections");
        return config;
    }
}
