package io.millrace.client.pool;

import io.millrace.core.TransportException;
import org.jspecify.annotations.Nullable;

/**
 * Observes a client connecting, losing its connections, and finding them again.
 *
 * <p>Threading: called on I/O threads, in order, and never concurrently for one client; it must not block.
 *
 * <p>Lifecycle: hears of every change from the first one until {@link ClientState#CLOSED}, which is the last.
 *
 * <p>Errors: a throw is logged, and changes nothing.
 */
@FunctionalInterface
public interface ClientStateListener {
    /**
     * Hears that the state has changed. By then it may have changed again, which is told next.
     *
     * @param from the state that was left
     * @param to the state that was entered
     * @param cause how connecting failed last, on the way to {@link ClientState#BACKING_OFF} and
     *     {@link ClientState#GAVE_UP}; null on the way to any other state
     */
    void stateChanged(ClientState from, ClientState to, @Nullable TransportException cause);
}
