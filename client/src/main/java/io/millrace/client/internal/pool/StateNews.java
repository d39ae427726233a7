package io.millrace.client.internal.pool;

import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a client, and the news of it, told in order on I/O threads.
 *
 * <p>Threading: Thread-safe.
 */
final class StateNews {
    /*
     * set() notes what has changed and, if nobody tells, has an I/O thread do it. Who tells looks for more, and stops
     * telling, under the lock that set() takes, so nothing is left untold and never two tell at once.
     */
    private static final Logger log = LoggerFactory.getLogger(StateNews.class);

    private record Change(ClientState from, ClientState to, @Nullable TransportException cause) {}

    private final IoRuntime runtime;
    private final @Nullable ClientStateListener listener;

    // Written under this, read by anyone.
    private volatile ClientState state = ClientState.IDLE;
    // Guarded by this.
    private final ArrayDeque<Change> untold = new ArrayDeque<>();
    private boolean telling;

    StateNews(IoRuntime runtime, @Nullable ClientStateListener listener) {
        this.runtime = runtime;
        this.listener = listener;
    }

    ClientState state() {
        return state;
    }

    void set(ClientState to, @Nullable TransportException lastFailure) {
        boolean tell;
        synchronized (this) {
            ClientState from = state;
            if (from == to || from == ClientState.CLOSED) {
                return;
            }
            state = to;
            boolean failed = to == ClientState.BACKING_OFF || to == ClientState.GAVE_UP;
            log.debug("client state changed; from={} to={} cause={}", from, to, failed ? lastFailure : null);
            if (listener == null) {
                return;
            }
            untold.add(new Change(from, to, failed ? lastFailure : null));
            tell = !telling;
            telling = true;
        }
        if (tell) {
            runtime.execute(this::tellAll);
        }
    }

    private void tellAll() {
        Change change;
        while ((change = next()) != null) {
            try {
                if (listener != null) {
                    listener.stateChanged(change.from(), change.to(), change.cause());
                }
            } catch (Throwable thrown) {
                if (runtime.throwsLogged().allows()) {
                    log.warn("listener threw; change={}", change, thrown);
                }
            }
        }
    }

    private synchronized @Nullable Change next() {
        Change change = untold.poll();
        telling = change != null;
        return change;
    }
}
