package io.millrace.client.internal;

import io.millrace.client.endpoint.NameResolver;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a client connects, whatever the endpoint.
 *
 * <p>Threading: Immutable.
 *
 * @param names finds the addresses of names
 * @param resolveNanos how long that may take, in nanoseconds, if the connect has so much time
 * @param localAddress where connections come from; null if the system chooses
 */
public record ConnectOptions(NameResolver names, long resolveNanos, @Nullable InetSocketAddress localAddress) {
    /** The default time for looking a name up: 5 s, half the default of the whole connect. */
    public static final long DEFAULT_RESOLVE_NANOS = TimeUnit.SECONDS.toNanos(5);
}
