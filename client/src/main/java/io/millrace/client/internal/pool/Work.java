package io.millrace.client.internal.pool;

import io.millrace.client.request.ConnectionUse;
import io.millrace.core.TransportException;
import java.util.ArrayList;
import java.util.List;

/** What the pool has decided under its lock and does outside of it, in this order. */
final class Work {
    /** A claim that gets a connection. */
    record HandOver(Claim claim, PooledSession session, ConnectionUse use) {}

    /** A claim that gets none. */
    record Refusal(Claim claim, TransportException failure) {}

    final List<HandOver> handOvers = new ArrayList<>();
    final List<Attempt> attempts = new ArrayList<>();
    final List<PooledSession> evictions = new ArrayList<>();
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
}
