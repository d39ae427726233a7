package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.internal.SessionOpener;
import io.millrace.core.NotSentException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.TcpSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** One connection of an application's own: tries the endpoints in turn, all within one deadline. */
public final class OwnConnection {
    /*
     * Only one attempt is under way at a time, and its outcome starts the next: the time left is spread over the
     * endpoints left, so that a dead one does not eat the others' share. Asking for the endpoints counts, too.
     */
    private final IoRuntime runtime;
    private final SessionOpener opener;
    private final long timeoutNanos;
    private final long deadlineNanos;
    private final CompletableFuture<Session> outcome = new CompletableFuture<>();
    // Confined to the attempts, one after the other.
    private final List<Throwable> failures = new ArrayList<>();

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
     * @param enquiry whom to ask then
     * @return completes on an I/O thread, after onOpen, or fails with a {@link TransportException}: that of the
     *     last endpoint, with the others' suppressed
     */
    public CompletableFuture<Session> open(List<Endpoint> known, Enquiry enquiry) {
        if (known.isEmpty()) {
            ask(enquiry);
        } else {
            tryEndpoint(known, 0, timeoutNanos);
        }
        return outcome;
    }

    private void ask(Enquiry enquiry) {
        Deadline giveUp = new Deadline() {
            @Override
            protected void expired() {
                runtime.execute(() -> outcome.completeExceptionally(PoolFailures.endpointsUnknown(new TimeoutException(
                        "no answer within " + Duration.ofNanos(timeoutNanos).toMillis() + " ms"))));
            }
        };
        runtime.deadlines().arm(giveUp, timeoutNanos);
        enquiry.ask()
                .whenComplete((endpoints, unknown) -> runtime.execute(() -> {
                    runtime.deadlines().cancel(giveUp);
                    if (endpoints == null) {
                        outcome.completeExceptionally(unknown);
                    } else if (!outcome.isDone()) {
                        tryEndpoint(endpoints, 0, nanosLeft());
                    }
                }));
    }

    private long nanosLeft() {
        return Math.max(1, deadlineNanos - runtime.deadlines().nanoTime());
    }

    private void tryEndpoint(List<Endpoint> endpoints, int index, long nanosLeft) {
        if (index == endpoints.size()) {
            outcome.completeExceptionally(allFailed());
            return;
        }
        long shareNanos = Math.max(1, nanosLeft / (endpoints.size() - index));
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
                failures.add(failure);
                // Not here: a client that is closing refuses at once, and there may be many endpoints.
                runtime.execute(() -> tryEndpoint(endpoints, index + 1, nanosLeft()));
            }
        });
    }

    private Throwable allFailed() {
        if (failures.isEmpty()) {
            return new NotSentException("no endpoint is known to connect to");
        }
        Throwable last = failures.remove(failures.size() - 1);
        failures.forEach(last::addSuppressed);
        return last;
    }
}
