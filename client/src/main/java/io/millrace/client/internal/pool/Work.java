package io.millrace.client.internal.pool;

import io.millrace.client.request.ConnectionUse;
import io.millrace.core.CloseReason;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the pool has decided under its lock and does outside of it, in this order. */
final class Work {
    static final CloseReason FOR_ANOTHER =
            CloseReason.of(CloseReason.Kind.LOCAL, "another endpoint needed its place in the pool");
    static final CloseReason IDLE = CloseReason.of(CloseReason.Kind.LOCAL, "idle in the pool");

    static final CloseReason REMOVED =
            CloseReason.of(CloseReason.Kind.LOCAL, "its endpoint is not among the client's any more");

    private static final Logger log = LoggerFactory.getLogger(Work.class);

    /** A claim that gets a connection. */
    record HandOver(Claim claim, PooledSession session, ConnectionUse use) {
        private void perform() {
            try {
                claim.acquired(session, use);
            } catch (Throwable broken) {
                log.error("connection could not be handed over; {}", session, broken);
                session.session().abort();
            }
        }
    }

    /** A connection that is ended, and why. */
    record Eviction(PooledSession session, CloseReason reason) {}

    /** A claim that gets none. */
    record Refusal(Claim claim, TransportException failure) {}

    final List<HandOver> handOvers = new ArrayList<>();
    final List<Attempt> attempts = new ArrayList<>();
    final List<Eviction> evictions = new ArrayList<>();
    /** Attempts that have had their time, and whose permits others need. */
    final List<Attempt> displaced = new ArrayList<>();

    final List<Refusal> refusals = new ArrayList<>();

    boolean isEmpty() {
        return handOvers.isEmpty()
                && attempts.isEmpty()
                && evictions.isEmpty()
                && displaced.isEmpty()
                && refusals.isEmpty();
    }

    /** Does it. */
    void perform(IoRuntime runtime, Consumer<Attempt> starter) {
        for (HandOver handOver : handOvers) {
            runtime.deadlines().cancel(handOver.claim());
            if (handOver.claim().isExclusive()) {
                runtime.execute(handOver::perform);
            } else {
                handOver.perform();
            }
        }
        for (Refusal refusal : refusals) {
            runtime.deadlines().cancel(refusal.claim());
            runtime.execute(() -> refusal.claim().failed(refusal.failure()));
        }
        evictions.forEach(eviction -> eviction.session().session().drain(eviction.reason()));
        displaced.forEach(Attempt::giveUp);
        attempts.forEach(starter);
    }
}
