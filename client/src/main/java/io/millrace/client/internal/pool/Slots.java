package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.ClientState;
import io.millrace.core.TransportException;
import io.millrace.core.internal.TcpSession;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** All endpoints with their connections, and what becomes of them. Guarded by the pool. */
final class Slots {
    /** How many requests in a row an endpoint may leave unanswered while there are others to ask. */
    private static final int UNANSWERED_LIMIT = 5;

    private final PoolPlan plan;
    private final PoolCounts counts;
    private List<EndpointSlot> slots = new ArrayList<>();
    private final List<PooledSession> leaving = new ArrayList<>();
    private boolean gaveUp;
    private boolean directoryWanted;
    private boolean sourceFailed;
    private long failures;
    private @Nullable TransportException lastFailure;

    Slots(PoolPlan plan, PoolCounts counts) {
        this.plan = plan;
        this.counts = counts;
    }

    List<EndpointSlot> all() {
        return slots;
    }

    /** Returns how many permits are used: by connections, and by attempts to make them. */
    int connections() {
        int sum = 0;
        for (EndpointSlot slot : slots) {
            sum += slot.connections();
        }
        return sum;
    }

    int usable() {
        int sum = 0;
        for (EndpointSlot slot : slots) {
            sum += slot.usable();
        }
        return sum;
    }

    /** Returns how many connections are lent. */
    int taken() {
        int sum = 0;
        for (EndpointSlot slot : slots) {
            for (PooledSession session : slot.taken) {
                sum += session.state == PooledSession.State.LEASED ? 1 : 0;
            }
        }
        return sum;
    }

    int attempts() {
        return connections() - usable();
    }

    int requestsInFlight() {
        int sum = 0;
        for (EndpointSlot slot : slots) {
            sum += slot.requestsInFlight();
        }
        return sum;
    }

    @Nullable
    TransportException lastFailure() {
        return lastFailure;
    }

    boolean hasGivenUp() {
        return gaveUp;
    }

    ClientState state(long nowNanos) {
        if (usable() > 0) {
            return ClientState.READY;
        }
        if (attempts() > 0) {
            return ClientState.CONNECTING;
        }
        if (gaveUp) {
            return ClientState.GAVE_UP;
        }
        boolean backsOff = slots.stream().anyMatch(slot -> slot.isBackingOff(nowNanos));
        return backsOff ? ClientState.BACKING_OFF : ClientState.IDLE;
    }

    /** Returns where requests can go: to endpoints with connections, and to those where one can be opened. */
    Ready ready(long nowNanos) {
        List<EndpointSlot> candidates = new ArrayList<>(slots.size());
        boolean anyFree = false;
        for (EndpointSlot slot : slots) {
            boolean hasFree = !slot.free.isEmpty();
            if (!slot.isEjected(nowNanos) && (hasFree || mayGrow(slot, nowNanos))) {
                candidates.add(slot);
                anyFree |= hasFree;
            }
        }
        if (!anyFree) {
            // Rather an endpoint that has not answered than none.
            candidates.clear();
            slots.stream().filter(slot -> !slot.free.isEmpty()).forEach(candidates::add);
        }
        PooledSession[][] sessions = new PooledSession[candidates.size()][];
        boolean[] mayGrow = new boolean[sessions.length];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = candidates.get(i).free.toArray(PooledSession[]::new);
            mayGrow[i] = mayGrow(candidates.get(i), nowNanos);
        }
        return sessions.length == 0
                ? Ready.NONE
                : new Ready(candidates.toArray(EndpointSlot[]::new), sessions, mayGrow);
    }

    private boolean mayGrow(EndpointSlot slot, long nowNanos) {
        return slot.attempts.isEmpty() && mayOpen(slot, nowNanos) && hasPermit(slot);
    }

    /** Returns whether there is a permit for a connection to an endpoint, or another endpoint has several. */
    private boolean hasPermit(EndpointSlot slot) {
        return connections() < plan.config().maxConnections()
                || (slot.connections() == 0 && slots.stream().anyMatch(other -> other.free.size() > 1));
    }

    /** Returns whether a connection has been found wanting that nobody waits for. */
    boolean isAnyWanted() {
        return slots.stream().anyMatch(slot -> slot.wanted);
    }

    /** Returns whether another connection to an endpoint may be opened now. */
    boolean mayOpen(EndpointSlot slot, long nowNanos) {
        boolean probing = slot.failuresInARow > 0 && slot.usable() == 0 && !slot.attempts.isEmpty();
        return !gaveUp
                && !probing
                && !slot.isBackingOff(nowNanos)
                && slot.connections() < plan.config().maxConnectionsPerEndpoint();
    }

    void opened(Attempt attempt, TcpSession session, long nowNanos) {
        PooledSession pooled = attempt.pooled();
        EndpointSlot slot = pooled.slot();
        slot.attempts.remove(attempt);
        if (pooled.state == PooledSession.State.GONE || !session.isOpen() || slot.removed) {
            // Lost before it could be listed.
            pooled.state = PooledSession.State.GONE;
            session.drain();
            noteFailure(attempt, PoolFailures.lostAtOnce(slot.endpoint(), session.closeReason()), nowNanos);
            return;
        }
        pooled.state = PooledSession.State.FREE;
        pooled.openedNanos = nowNanos;
        pooled.busyNanos = nowNanos;
        slot.free.addLast(pooled);
        slot.opened++;
        if (slot.lastFailureNumber == attempt.failuresBefore()) {
            // Else it has failed since: one after the other could open and fail without a pause.
            slot.stopBackingOff();
        }
        gaveUp = false;
    }

    void failed(Attempt attempt, TransportException cause, long nowNanos) {
        attempt.pooled().slot().attempts.remove(attempt);
        noteFailure(attempt, cause, nowNanos);
    }

    private void noteFailure(Attempt attempt, TransportException cause, long nowNanos) {
        EndpointSlot slot = attempt.pooled().slot();
        slot.failed++;
        if (slot.removed) {
            return;
        }
        // Attempts that were made side by side fail for one reason, which counts once.
        if (slot.isNewFailure(attempt.startNanos())) {
            noteFailure(slot, cause, nowNanos);
        } else {
            number(slot);
        }
    }

    private void noteFailure(EndpointSlot slot, TransportException cause, long nowNanos) {
        number(slot);
        slot.failuresInARow++;
        slot.failed(cause, nowNanos, delayNanos(slot));
        lastFailure = cause;
        directoryWanted = true;
        gaveUp = usable() == 0 && hasNoHope();
    }

    /** Counts a failure, so that it is known what came before it. */
    private void number(EndpointSlot slot) {
        failures++;
        slot.lastFailureNumber = failures;
    }

    private boolean hasNoHope() {
        return slots.stream().allMatch(slot -> plan.backoff().givesUp(slot.failuresInARow));
    }

    private long delayNanos(EndpointSlot slot) {
        return plan.backoff().delayNanos(slot.failuresInARow, ThreadLocalRandom.current());
    }

    /** A connection takes no new requests, or has ended: it is replaced if it is needed. */
    void gone(PooledSession session, long nowNanos) {
        if (session.state == PooledSession.State.GONE) {
            return;
        }
        boolean listed = session.state != PooledSession.State.MADE;
        drop(session);
        if (session.isEndedHere()) {
            return;
        }
        counts.lost++;
        if (!listed) {
            return;
        }
        EndpointSlot slot = session.slot();
        if (session.isUnanswered() || !slot.isNewFailure(session.openedNanos)) {
            // It tells nothing that is not known by later news: what goes on there has its delay already.
            return;
        }
        if (session.wasGood(nowNanos)) {
            slot.recovered();
            // Not more often than that, or a peer that answers and hangs up would be connected to without a pause.
            slot.leaveAlone(session.openedNanos + plan.firstDelayNanos());
        } else {
            noteFailure(
                    slot,
                    PoolFailures.lostAtOnce(slot.endpoint(), session.session().closeReason()),
                    nowNanos);
        }
    }

    /** Takes a connection out of the pool. */
    void drop(PooledSession session) {
        session.slot().unlist(session);
        session.state = PooledSession.State.GONE;
    }

    void unanswered(PooledSession session, int inARow, long nowNanos) {
        EndpointSlot slot = session.slot();
        int unanswered = slot.unanswered(session, inARow);
        boolean elsewhere = slots.stream()
                .anyMatch(other -> other != slot
                        && !other.isEjected(nowNanos)
                        && (other.usable() > 0 || mayOpen(other, nowNanos)));
        if (unanswered >= UNANSWERED_LIMIT && elsewhere && !slot.isEjected(nowNanos)) {
            slot.failuresInARow++;
            slot.eject(PoolFailures.unanswered(slot.endpoint(), unanswered), nowNanos, delayNanos(slot));
        }
    }

    /** Makes these the endpoints; the connections to others are dropped, and leave. */
    void replace(List<Endpoint> endpoints) {
        Set<Endpoint> wanted = new HashSet<>(endpoints);
        List<EndpointSlot> next = new ArrayList<>();
        Set<Endpoint> known = new HashSet<>();
        for (EndpointSlot slot : slots) {
            if (wanted.contains(slot.endpoint())) {
                next.add(slot);
                known.add(slot.endpoint());
            } else {
                slot.removed = true;
                slot.sessions().forEach(session -> {
                    drop(session);
                    leaving.add(session);
                });
            }
        }
        for (Endpoint endpoint : endpoints) {
            if (known.add(endpoint)) {
                next.add(new EndpointSlot(endpoint));
            }
        }
        slots = next;
        gaveUp &= hasNoHope();
    }

    /** Returns the connections to endpoints that are the client's no more, once. */
    List<PooledSession> takeLeaving() {
        List<PooledSession> left = List.copyOf(leaving);
        leaving.clear();
        return left;
    }

    void endpointsUnknown(TransportException cause) {
        if (slots.isEmpty()) {
            lastFailure = cause;
            sourceFailed = true;
        }
    }

    /** Returns whether the source of the endpoints has failed since the last look. */
    boolean takeSourceFailed() {
        boolean failed = sourceFailed;
        sourceFailed = false;
        return failed;
    }

    /** Returns how many attempts have failed so far. */
    long failures() {
        return failures;
    }

    /** Returns whether every endpoint has failed since a claim came, or will not be tried so soon that it might wait. */
    boolean haveFailed(Claim claim, long nowNanos) {
        return slots.stream()
                .allMatch(slot -> slot.lastFailureNumber > claim.failuresBefore()
                        || slot.nanosLeftAlone(nowNanos) > plan.attemptDelayNanos());
    }

    /** Returns whether nothing is connected, and nothing will be tried so soon that one might wait for it. */
    boolean isDownForLong(long nowNanos) {
        return connections() == 0
                && !slots.isEmpty()
                && slots.stream().allMatch(slot -> slot.nanosLeftAlone(nowNanos) > plan.attemptDelayNanos());
    }

    /** Returns whether the endpoints should be asked for again: something has failed, or none is known. */
    boolean wantsDirectory() {
        return directoryWanted || slots.isEmpty();
    }

    void directoryAsked() {
        directoryWanted = false;
    }

    List<EndpointStats> endpointStats(long nowNanos) {
        return slots.stream().map(slot -> slot.stats(nowNanos)).toList();
    }

    /** Returns the endpoints in the order in which to try them. */
    List<Endpoint> inTurn(long nowNanos) {
        if (slots.isEmpty()) {
            return List.of();
        }
        int first = slots.size() == 1 ? 0 : plan.pick(Ready.of(slots));
        List<Endpoint> healthy = new ArrayList<>();
        List<Endpoint> failed = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            EndpointSlot slot = slots.get((first + i) % slots.size());
            (slot.nanosLeftAlone(nowNanos) > 0 ? failed : healthy).add(slot.endpoint());
        }
        healthy.addAll(failed);
        return healthy;
    }

    /** Forgets all failures, and has what has failed tried again. */
    void forgive() {
        gaveUp = false;
        directoryWanted = true;
        for (EndpointSlot slot : slots) {
            slot.wanted |= slot.failuresInARow > 0 && slot.usable() == 0;
            slot.recovered();
        }
    }
}
