package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.LogLimiter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a pool behaves. Immutable.
 *
 * @param endpoints who knows where to connect to
 * @param config its limits
 * @param backoff when to try again what has failed
 * @param whileDown what becomes of claims when nothing can be connected
 * @param picker who picks the endpoint
 * @param listener who hears of the pool's state, or null
 * @param sharesConnections whether many requests may be in flight on a connection
 * @param connectNanos how long making a connection may take, in nanoseconds
 * @param waitingLimitBytes how much memory waiting claims may hold, in bytes
 */
public record PoolPlan(
        EndpointSource endpoints,
        PoolConfig config,
        Backoff backoff,
        WhileDown whileDown,
        EndpointPicker picker,
        @Nullable ClientStateListener listener,
        boolean sharesConnections,
        long connectNanos,
        long waitingLimitBytes) {
    /** How often to look whether a reserved connection has no requests of others left, in nanoseconds. */
    static final long SHARED_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** A picker is asked for every request, and one that fails mostly fails again. */
    private static final LogLimiter PICKERS_LOGGED = new LogLimiter(10, TimeUnit.MINUTES.toNanos(1));

    private static final Logger log = LoggerFactory.getLogger(PoolPlan.class);
    /** How exactly idle connections are timed: a part of the timeout, but seldom enough to cost nothing. */
    private static final int SWEEPS_PER_TIMEOUT = 4;

    private static final long LONGEST_SWEEP_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** Has an endpoint picked; a picker that fails must not cost a request, so it gets the first one then. */
    int pick(EndpointPicker.Candidates candidates) {
        try {
            int index = picker.pick(candidates);
            if (index >= 0 && index < candidates.size()) {
                return index;
            }
            if (PICKERS_LOGGED.allows()) {
                log.warn("picker is out of range; picker={} picked={} candidates={}", picker, index, candidates.size());
            }
        } catch (RuntimeException thrown) {
            if (PICKERS_LOGGED.allows()) {
                log.warn("picker threw; picker={} candidates={}", picker, candidates.size(), thrown);
            }
        }
        return 0;
    }

    /** Returns how long a claim waits at most, in nanoseconds. */
    long acquireNanos() {
        return orEver("acquireTimeout", config.acquireTimeout());
    }

    /** Returns how long an attempt may take before another one is made beside it, in nanoseconds; MAX_VALUE if for ever. */
    long attemptDelayNanos() {
        return orEver("attemptDelay", config.attemptDelay());
    }

    /** Returns how long a connection may be idle, in nanoseconds; MAX_VALUE if for ever. */
    long idleNanos() {
        return orEver("idleTimeout", config.idleTimeout());
    }

    private static long orEver(String property, Duration timeout) {
        return timeout.isZero() ? Long.MAX_VALUE : Ranges.positiveNanos(property, timeout);
    }

    /** Returns how long a connection may be borrowed before that is reported, in nanoseconds; MAX_VALUE if for ever. */
    long leakNanos() {
        return orEver("leakAfter", config.leakAfter());
    }

    long firstDelayNanos() {
        return Ranges.positiveNanos("backoff.firstDelay", backoff.firstDelay());
    }

    /** Returns how often to look for idle connections, and for endpoints that work again, in nanoseconds. */
    long sweepNanos() {
        return Math.max(1, Math.min(idleNanos() / SWEEPS_PER_TIMEOUT, LONGEST_SWEEP_NANOS));
    }

    boolean waitsWhileDown() {
        return whileDown == WhileDown.WAIT;
    }
}
