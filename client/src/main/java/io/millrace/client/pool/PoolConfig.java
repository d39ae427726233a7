package io.millrace.client.pool;

import java.time.Duration;

/**
 * How many connections a client keeps, for how long, and what becomes of callers when there is none to be had.
 *
 * <p>How old a connection gets is no matter of the pool's: {@link io.millrace.core.SessionConfig#maxAge()} drains it,
 * at a time that is jittered, and the pool opens another when it needs one.
 *
 * <p>Threading: Immutable.
 *
 * <p>Lifecycle: made by {@link PoolConfigBuilder#build()}, which checks it; serves any number of clients.
 */
public final class PoolConfig {
    /** The default limit on connections: 64, to all endpoints together. */
    public static final int DEFAULT_MAX_CONNECTIONS = 64;

    /** The default limit on connections to one endpoint: 16. Shared ones carry thousands of requests. */
    public static final int DEFAULT_MAX_CONNECTIONS_PER_ENDPOINT = 16;

    /** The default limit on callers that wait for a connection: 1,024. */
    public static final int DEFAULT_MAX_WAITING = 1_024;

    /** The default time that a connection is kept which nobody uses: 2 min, less than most middleboxes do. */
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(2);

    /** By default another connection is opened when every one has this many requests in flight: 256. */
    public static final int DEFAULT_REQUESTS_PER_CONNECTION = 256;

    /** The default limit on requests in progress: 65,536. */
    public static final int DEFAULT_MAX_REQUESTS = 65_536;

    /** The default time before another endpoint is tried beside one that does not answer: 250 ms, as RFC 8305 has it. */
    public static final Duration DEFAULT_ATTEMPT_DELAY = Duration.ofMillis(250);

    private final int maxConnections;
    private final int maxConnectionsPerEndpoint;
    private final int minIdle;
    private final int maxWaiting;
    private final Duration acquireTimeout;
    private final Duration idleTimeout;
    private final int requestsPerConnection;
    private final int maxRequests;
    private final PoolOrder order;
    private final Duration attemptDelay;
    private final Duration leakAfter;

    PoolConfig(PoolConfigBuilder builder) {
        this.maxConnections = builder.maxConnections;
        this.maxConnectionsPerEndpoint = builder.maxConnectionsPerEndpoint;
        this.minIdle = builder.minIdle;
        this.maxWaiting = builder.maxWaiting;
        this.acquireTimeout = builder.acquireTimeout;
        this.idleTimeout = builder.idleTimeout;
        this.requestsPerConnection = builder.requestsPerConnection;
        this.maxRequests = builder.maxRequests;
        this.order = builder.order;
        this.attemptDelay = builder.attemptDelay;
        this.leakAfter = builder.leakAfter;
    }

    /** {@return the default configuration} */
    public static PoolConfig defaults() {
        return builder().build();
    }

    /** {@return a new builder with all defaults} */
    public static PoolConfigBuilder builder() {
        return new PoolConfigBuilder();
    }

    /** {@return a new builder with the values of this configuration} */
    public PoolConfigBuilder toBuilder() {
        return new PoolConfigBuilder()
                .maxConnections(maxConnections)
                .maxConnectionsPerEndpoint(maxConnectionsPerEndpoint)
                .minIdle(minIdle)
                .maxWaiting(maxWaiting)
                .acquireTimeout(acquireTimeout)
                .idleTimeout(idleTimeout)
                .requestsPerConnection(requestsPerConnection)
                .maxRequests(maxRequests)
                .order(order)
                .attemptDelay(attemptDelay)
                .leakAfter(leakAfter);
    }

    /** {@return the most connections at once, to all endpoints together} */
    public int maxConnections() {
        return maxConnections;
    }

    /** {@return the most connections to one endpoint at once} */
    public int maxConnectionsPerEndpoint() {
        return maxConnectionsPerEndpoint == 0
                ? Math.min(DEFAULT_MAX_CONNECTIONS_PER_ENDPOINT, maxConnections)
                : maxConnectionsPerEndpoint;
    }

    /** {@return how many connections to each endpoint are kept open though nobody uses them} */
    public int minIdle() {
        return minIdle;
    }

    /** {@return the most callers that wait for a connection; 0 if none may} */
    public int maxWaiting() {
        return maxWaiting;
    }

    /** {@return how long a caller waits for a connection at most; zero if as long as its own deadline says} */
    public Duration acquireTimeout() {
        return acquireTimeout;
    }

    /** {@return how long a connection is kept that nobody uses; zero if for ever} */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** {@return how many requests in flight on every connection have another one opened} */
    public int requestsPerConnection() {
        return requestsPerConnection;
    }

    /** {@return the most requests in progress at once, those that wait for a connection included} */
    public int maxRequests() {
        return maxRequests;
    }

    /** {@return which of several idle connections is used first} */
    public PoolOrder order() {
        return order;
    }

    /** {@return how long an attempt to connect takes before another endpoint is tried beside it; zero if never} */
    public Duration attemptDelay() {
        return attemptDelay;
    }

    /** {@return how long a connection is borrowed before its borrower is reported; zero if never} */
    public Duration leakAfter() {
        return leakAfter;
    }

    @Override
    public String toString() {
        return "PoolConfig[maxConnections=" + maxConnections + ", maxConnectionsPerEndpoint="
                + maxConnectionsPerEndpoint() + ", minIdle=" + minIdle + ", maxWaiting=" + maxWaiting
                + ", acquireTimeout=" + acquireTimeout + ", idleTimeout=" + idleTimeout + ", requestsPerConnection="
                + requestsPerConnection + ", maxRequests=" + maxRequests + ", order=" + order + ", attemptDelay="
                + attemptDelay + ", leakAfter=" + leakAfter + "]";
    }
}
