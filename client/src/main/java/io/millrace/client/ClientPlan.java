package io.millrace.client;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.internal.ConnectOptions;
import io.millrace.client.internal.pool.PoolPlan;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.SessionPreparation;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.Pairing;
import org.jspecify.annotations.Nullable;

/** All that a client has been asked for, checked, but for the group to work with. */
record ClientPlan(
        SessionSetup setup,
        EndpointSource endpoints,
        EndpointPicker endpointPicker,
        Backoff backoff,
        PoolConfig pool,
        WhileDown whileDown,
        RetryConfig retry,
        @Nullable ClientStateListener onState,
        @Nullable SessionPreparation prepare,
        long connectNanos,
        ConnectOptions connectOptions,
        long drainNanos,
        boolean jmx) {
    PoolPlan poolPlan() {
        return new PoolPlan(
                endpoints,
                pool,
                backoff,
                whileDown,
                endpointPicker,
                onState,
                setup.protocol().pairing() != Pairing.ONE_AT_A_TIME || !setup.asks(),
                connectNanos,
                setup.config().sendLimit());
    }
}
