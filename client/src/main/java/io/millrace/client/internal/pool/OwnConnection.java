package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.internal.SessionOpener;
import io.millrace.core.NotSentException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.TcpSession;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One connection of an application's own: tries the endpoints in turn, all within one deadline. */
public final class OwnConnection {
    /*
     * Only one attempt is under way at a time, and its outcome starts the next: the time left is spread over the
     * endpoints left, so that a dead one does not eat the others' share.
     */
    private final IoRuntime runtime;
    private final SessionOpener opener;
    private final long timeoutNanos;
    private final long deadlineNanos;
    private final CompletableFuture<Session> outcome = new CompletableFuture<>();

    /**
     * Makes a connection that is not begun.
     *
     * @param runtime the group
     * @param opener who opens sessions
     * @param timeoutNanos how long all may take together, in nanoseconds
     */
    public OwnConnection(IoRuntime runtime, SessionOpener opener, long timeoutNanos) {
        this.runtime = runtime;
        this.opener = opener;
        this.timeoutNanos = timeoutNanos;
        this.deadlineNanos = runtime.deadlines().nanoTime() + timeoutNanos;
    }

    /**
     * Connects.
     *
     * @param known where to, in the order in which to try; empty if that is to be asked for
     * @param source who knows then
     * @return completes on an I/O thread, after onOpen, or fails with a {@link TransportException}: that of the
     *     last endpoint, with the others' suppressed
     */
    public CompletableFuture<Session> open(List<Endpoint> known, EndpointSource source) {
        if (known.isEmpty()) {
            runtime.executeBlocking(() -> ask(source));
        } else {
            tryEndpoint(known, 0, null);
        }
        return outcome;
    }

    private void ask(EndpointSource source) {
        try {
            tryEndpoint(List.copyOf(source.endpoints()), 0, null);
        } catch (Throwable unknown) {
            outcome.completeExceptionally(PoolFailures.endpointsUnknown(unknown));
        }
    }

    private void tryEndpoint(List<Endpoint> endpoints, int index, @Nullable Throwable lastFailure) {
        if (index == endpoints.size()) {
            outcome.completeExceptionally(
                    lastFailure != null ? lastFailure : new NotSentException("no endpoint is known to connect to"));
            return;
        }
        long leftNanos = index == 0
                ? timeoutNanos
                : Math.max(1, deadlineNanos - runtime.deadlines().nanoTime());
        long shareNanos = Math.max(1, leftNanos / (endpoints.size() - index));
        CompletableFuture<TcpSession> attempt =
                opener.open(endpoints.get(index), shareNanos, new SessionOpener.Events() {});
        outcome.whenComplete((session, failure) -> {
            if (outcome.isCancelled()) {
                attempt.cancel(false);
            }
        });
        attempt.whenComplete((session, failure) -> {
            if (session != null) {
                if (!outcome.complete(session)) {
                    // Cancelled meanwhile: nobody would ever close it.
                    session.abort();
                }
            } else if (!outcome.isDone()) {
                if (lastFailure != null) {
                    failure.addSuppressed(lastFailure);
                }
                tryEndpoint(endpoints, index + 1, failure);
            }
        });
    }
}
