package io.millrace.server.internal;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.Cidr;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Counts connections in and out, and makes those wait that are too many. */
final class ConnectionGate {
    /*
     * 1. At most `limit` connections have a permit, whatever the number of listeners and the order of events.
     * 2. Under STOP_ACCEPTING clients beyond that, or beyond the rate, wait; none is refused, none is forgotten, no
     *    listener is passed over for ever, and no thread waits for any of it.
     *
     *    accepted --enter()--+--> ADMITTED: has a permit
     *                        +--> HELD: STOP_ACCEPTING, and another listener took the last permit or token
     *                        |      | first come, first served, as soon as both are there: admitted.accept()
     *                        |      +--> ADMITTED
     *                        +--> FULL, TOO_FAST: ACCEPT_AND_REFUSE; no permit
     *                        +--> CLOSED: no permit
     *    ADMITTED --release()--> permit free        refused, broken, stopped
     *             --handOver()--> the session's --leave()--> permit free
     *
     * An accept in flight has no permit. It is started only if a permit and a token are free; with one listener they
     * still are when it completes, so that the next client waits in the kernel and not here. With several listeners all
     * that may accept do, and those that come too late are held: one for each listener, because a listener accepts
     * nothing while somebody is held.
     *
     * No wake-up is lost: a listener that must not accept is noted in `parked`, and an arrival in `held`, under the
     * same lock under which permits come back; tokens come back with time, which a deadline watches whenever they are
     * what is missing. Whoever frees something takes out, under the lock, all that can go on, and calls it outside.
     * Such a call may free again: that goes no deeper than there are listeners.
     *
     * Every permit is given back once. Until handOver() the arrival says whether it has one; afterwards the session
     * does, by its place in the set of sessions.
     *
     * Connections are counted by the block of their address, if that is limited; a block without connections has no
     * entry.
     */

    /** What entering has led to. */
    enum Entry {
        /** It has a permit, and may go on. */
        ADMITTED,
        /** It waits here, and goes on by itself. */
        HELD,
        /** There are too many, and it must not wait. */
        FULL,
        /** It came too fast, and must not wait. */
        TOO_FAST,
        /** The gate is closed. */
        CLOSED
    }

    private final AdmissionConfig config;
    private final IoRuntime runtime;
    private final Deadlines deadlines;
    private final Consumer<Arrival> admitted;
    private final boolean waits;
    private final Deadline nextToken = new Deadline() {
        @Override
        protected void expired() {
            runtime.execute(ConnectionGate.this::goOn);
        }
    };

    // Guarded by this.
    private final TokenBucket tokens;
    private final ArrayDeque<Arrival> held = new ArrayDeque<>();
    private final Set<Acceptor> parked = new LinkedHashSet<>();
    private final Map<Cidr, Integer> byAddress = new HashMap<>();
    private int permitsTaken;
    private boolean closed;

    /**
     * Makes an open gate.
     *
     * @param config the limits
     * @param runtime the group
     * @param admitted goes on with an arrival that was held and has a permit now
     */
    ConnectionGate(AdmissionConfig config, IoRuntime runtime, Consumer<Arrival> admitted) {
        this.config = config;
        this.runtime = runtime;
        this.deadlines = runtime.deadlines();
        this.admitted = admitted;
        this.waits = config.policy() == AdmissionPolicy.STOP_ACCEPTING;
        this.tokens = new TokenBucket(config.acceptsPerSecond(), config.acceptBurst(), deadlines.nanoTime());
    }

    /** Returns whether a listener may accept; if not, its start() is called when it may. */
    synchronized boolean mayAccept(Acceptor acceptor) {
        if (!waits || (held.isEmpty() && isFree())) {
            return true;
        }
        parked.add(acceptor);
        watchTokens();
        return false;
    }

    /** Takes a permit for an arrival, or holds it. */
    synchronized Entry enter(Arrival arrival) {
        if (closed) {
            return Entry.CLOSED;
        }
        boolean first = held.isEmpty();
        if (first && permitsTaken < config.maxConnections() && tokens.tryTake(deadlines.nanoTime())) {
            admit(arrival);
            return Entry.ADMITTED;
        }
        if (waits) {
            held.add(arrival);
            watchTokens();
            return Entry.HELD;
        }
        return permitsTaken < config.maxConnections() ? Entry.TOO_FAST : Entry.FULL;
    }

    /** Counts an arrival for its address; false if there are too many of that. */
    synchronized boolean tryCount(Arrival arrival, InetAddress address) {
        int limit = config.maxConnectionsPerAddress();
        if (limit == 0) {
            return true;
        }
        Cidr block = blockOf(address);
        int before = byAddress.getOrDefault(block, 0);
        if (before >= limit) {
            return false;
        }
        byAddress.put(block, before + 1);
        arrival.countedAddress = address;
        return true;
    }

    /** Gives back whatever an arrival has; once, however often it is called. */
    void release(Arrival arrival) {
        synchronized (this) {
            if (arrival.countedAddress != null) {
                uncount(arrival.countedAddress);
                arrival.countedAddress = null;
            }
            if (!arrival.hasPermit) {
                return;
            }
            arrival.hasPermit = false;
            permitsTaken--;
        }
        goOn();
    }

    /** What the arrival has is its session's from now on. */
    synchronized void handOver(Arrival arrival) {
        arrival.hasPermit = false;
        arrival.countedAddress = null;
    }

    /** Gives back what a session had; called once for each that was handed over. */
    void leave(InetSocketAddress remoteAddress) {
        synchronized (this) {
            if (config.maxConnectionsPerAddress() > 0) {
                uncount(remoteAddress.getAddress());
            }
            permitsTaken--;
        }
        goOn();
    }

    /** Lets nobody in any more; returns those who were held. */
    synchronized List<Arrival> close() {
        closed = true;
        deadlines.cancel(nextToken);
        parked.clear();
        List<Arrival> left = List.copyOf(held);
        held.clear();
        return left;
    }

    /** Returns how many permits are taken. */
    synchronized int permitsTaken() {
        return permitsTaken;
    }

    /** Returns how many arrivals wait. */
    synchronized int heldCount() {
        return held.size();
    }

    /** Returns how many blocks of addresses have connections, as far as those are limited. */
    synchronized int addressesCounted() {
        return byAddress.size();
    }

    /** Lets everybody go on who waits and can. */
    private void goOn() {
        List<Arrival> arrivals = new ArrayList<>();
        List<Acceptor> acceptors = new ArrayList<>();
        synchronized (this) {
            if (held.isEmpty() && parked.isEmpty()) {
                return;
            }
            while (!held.isEmpty() && permitsTaken < config.maxConnections() && tokens.tryTake(deadlines.nanoTime())) {
                Arrival next = held.remove();
                admit(next);
                arrivals.add(next);
            }
            if (held.isEmpty() && isFree()) {
                acceptors.addAll(parked);
                parked.clear();
            } else {
                watchTokens();
            }
        }
        arrivals.forEach(admitted);
        acceptors.forEach(Acceptor::start);
    }

    // The rest is called under the lock.

    private void admit(Arrival arrival) {
        permitsTaken++;
        arrival.hasPermit = true;
    }

    private boolean isFree() {
        return permitsTaken < config.maxConnections() && tokens.nanosToNext(deadlines.nanoTime()) == 0;
    }

    /** Sees to it that somebody goes on when the next token is there, if that is what is missing. */
    private void watchTokens() {
        long nanos = tokens.nanosToNext(deadlines.nanoTime());
        if (nanos > 0 && !closed && permitsTaken < config.maxConnections()) {
            deadlines.arm(nextToken, nanos);
        }
    }

    private void uncount(InetAddress address) {
        byAddress.computeIfPresent(blockOf(address), (block, count) -> count == 1 ? null : count - 1);
    }

    private Cidr blockOf(InetAddress address) {
        boolean isV4 = address.getAddress().length == Integer.BYTES;
        return Cidr.of(address, isV4 ? config.ipv4PrefixBits() : config.ipv6PrefixBits());
    }
}
