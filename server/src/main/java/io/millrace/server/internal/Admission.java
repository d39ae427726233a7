package io.millrace.server.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.RefusalReason;
import io.millrace.server.internal.proxy.ProxyRules;
import io.millrace.server.internal.proxy.ProxyStage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns accepted channels into sessions or refuses them, and gives back their permits when they have ended.
 *
 * <p>Threading: Thread-safe.
 */
public final class Admission implements SessionOwner, Acceptor.Owner, ProxyInquiries.Owner {
    /*
     *    accepted --> judge the address --> gate --> open the session --> handed over --> sessionEnded: leave the gate
     *        |                |              |            |
     *        +-- broken ------+-- denied ----+-- full ----+-- no memory --> refuse: release, count, answer, close
     *
     * Behind proxies the order is another one, for whom to judge is only known when the proxy has said so:
     *
     *    accepted --> gate --> ask the proxy --> judge the address --> open the session ...
     *
     * ProxyInquiries keeps those that wait for their proxies, and sees to it that each has one answer. So exactly one of
     * opening and refusing happens to each arrival, and the gate makes sure that its permit comes back once.
     */
    private static final Logger log = LoggerFactory.getLogger(Admission.class);
    private static final CloseReason DENIED =
            CloseReason.of(CloseReason.Kind.REJECTED, "the address is not allowed any more");

    private final Object server;
    private final IoRuntime runtime;
    private final SessionSetup setup;
    private final AdmissionConfig config;
    private final SessionSet sessions = new SessionSet();
    private final SessionRegistry registry;
    private final ConnectionGate gate;
    private final Refusals refusals;
    private final List<Acceptor> acceptors;
    private final AtomicLong accepted = new AtomicLong();
    private final LogLimiter warnings = new LogLimiter(1, TimeUnit.MINUTES.toNanos(1));
    // Written once, before start().
    private @Nullable ProxyInquiries inquiries;

    /**
     * Prepares to accept on bound channels.
     *
     * @param runtime the group
     * @param setup what all sessions have in common
     * @param channels the listening channels; closed with this, unless this throws
     * @param config which connections to take
     * @param server whose admission it is, for its sessions to find
     * @throws IllegalArgumentException if a refusal message is too long, or cannot be framed
     */
    public Admission(
            IoRuntime runtime,
            SessionSetup setup,
            List<AsynchronousServerSocketChannel> channels,
            AdmissionConfig config,
            Object server) {
        this.runtime = runtime;
        this.server = server;
        this.setup = setup;
        this.registry = new SessionRegistry(setup, sessions);
        this.config = config;
        this.refusals =
                new Refusals(new RefusalMessages(config.refusalMessage(), setup.protocol()), runtime.deadlines());
        this.gate = new ConnectionGate(config, runtime, this::goOn);
        this.acceptors = channels.stream()
                .map(channel -> new Acceptor(channel, runtime.deadlines(), this))
                .toList();
    }

    /** {@return whose admission it is} */
    public Object server() {
        return server;
    }

    /**
     * Has the headers of proxies read first. Called before the start, if at all.
     *
     * @param rules which proxies
     */
    public void readProxyHeaders(ProxyRules rules) {
        ProxyStage stage = new ProxyStage(runtime, rules, setup);
        registry.expectAlso(stage.directSetup());
        inquiries = new ProxyInquiries(stage, this);
    }

    /** Starts accepting. */
    public void start() {
        acceptors.forEach(Acceptor::start);
    }

    /**
     * Lets in who has connected already, which takes a moment, and then stops. Not for the group's own threads.
     */
    public void stopWhenQuiet() {
        new LastCall(this, runtime).await();
        stop();
    }

    /** Stops accepting, and refuses whoever waits to be admitted. Sessions go on. */
    public void stop() {
        acceptors.forEach(Acceptor::close);
        gate.close().forEach(this::refuseForStop);
        if (inquiries != null) {
            inquiries.stop();
        }
    }

    private void refuseForStop(Arrival arrival) {
        refuse(arrival, RefusalReason.SHUTTING_DOWN, null);
    }

    /** Cuts off the answers to those who were refused. The last thing of all. */
    public void end() {
        refusals.close();
    }

    /**
     * Closes the sessions whose addresses the filter does not let in any more.
     *
     * @return how many
     */
    public int closeDenied() {
        int denied = 0;
        for (TcpSession session : sessions.sessions()) {
            if (!config.filter().isAllowed(session.remoteAddress().getAddress())) {
                session.close(DENIED);
                denied++;
            }
        }
        return denied;
    }

    @Override
    public boolean mayAccept(Acceptor acceptor) {
        return gate.mayAccept(acceptor);
    }

    @Override
    public void accepted(AsynchronousSocketChannel channel, Acceptor acceptor) {
        accepted.incrementAndGet();
        InetSocketAddress address;
        try {
            address = (InetSocketAddress) channel.getRemoteAddress();
        } catch (Exception gone) {
            log.debug("connection was gone when it was accepted; cause={}", gone.toString());
            refusals.refuse(channel, RefusalReason.BROKEN);
            return;
        }
        Arrival arrival = new Arrival(channel, address, acceptor);
        try {
            enter(arrival);
        } catch (Throwable broken) {
            log.error("connection could not be admitted; remote={}", address, broken);
            refuse(arrival, RefusalReason.BROKEN, broken);
        }
    }

    private void enter(Arrival arrival) {
        if (inquiries == null && !judge(arrival, arrival.socketAddress().getAddress())) {
            return;
        }
        switch (gate.enter(arrival)) {
            case ADMITTED -> goOn(arrival);
            case HELD -> log.debug("connection is held until there is room; remote={}", arrival.socketAddress());
            case FULL -> refuse(arrival, RefusalReason.TOO_MANY_CONNECTIONS, null);
            case TOO_FAST -> refuse(arrival, RefusalReason.TOO_FAST, null);
            case CLOSED -> refuseForStop(arrival);
        }
    }

    /** Goes on with an arrival that has a permit. */
    private void goOn(Arrival arrival) {
        // Now that its permit is taken the next one may come, while this one is being seen to.
        arrival.acceptor().start();
        if (inquiries == null) {
            open(arrival, arrival.connection(), setup, session -> {});
        } else {
            inquiries.ask(arrival);
        }
    }

    /** Refuses an arrival whose address must not come in, or has too many connections. */
    private boolean judge(Arrival arrival, InetAddress address) {
        if (!config.filter().isAllowed(address)) {
            refuse(arrival, RefusalReason.ADDRESS_DENIED, null);
            return false;
        }
        if (!gate.tryCount(arrival, address)) {
            refuse(arrival, RefusalReason.TOO_MANY_FROM_ADDRESS, null);
            return false;
        }
        return true;
    }

    @Override
    public void clientFound(
            Arrival arrival, Connection connection, SessionSetup sessionSetup, Consumer<Session> beforeStart) {
        if (judge(arrival, connection.remoteAddress().getAddress())) {
            open(arrival, connection, sessionSetup, beforeStart);
        }
    }

    private void open(
            Arrival arrival, Connection connection, SessionSetup sessionSetup, Consumer<Session> beforeStart) {
        if (!sessions.enter()) {
            refuseForStop(arrival);
            return;
        }
        TcpSession session;
        try {
            // Its remote address must be the one that was judged, for what that has is given back by it.
            session = new TcpSession(runtime, connection, sessionSetup, this);
        } catch (Throwable notOpened) {
            sessions.leave();
            refuse(arrival, reasonOf(notOpened), notOpened);
            return;
        }
        beforeStart.accept(session);
        gate.handOver(arrival);
        sessions.add(session);
        session.start();
    }

    /** Our own exceptions mean that memory or contexts are short; the JDK's, that the peer has gone already. */
    private static RefusalReason reasonOf(Throwable notOpened) {
        return notOpened instanceof TransportException || notOpened instanceof OutOfMemoryError
                ? RefusalReason.NO_MEMORY
                : RefusalReason.BROKEN;
    }

    @Override
    public void refuse(Arrival arrival, RefusalReason reason, @Nullable Object cause) {
        // Its text: as a Throwable it would be logged with its trace.
        Object why = cause instanceof Throwable ? cause.toString() : cause;
        if (reason == RefusalReason.NO_MEMORY && warnings.allows()) {
            log.warn("connections are refused; reason={} cause={}", reason, why);
        } else {
            log.debug("connection refused; remote={} reason={} cause={}", arrival.socketAddress(), reason, why);
        }
        try {
            refusals.refuse(arrival.channel(), reason);
        } finally {
            gate.release(arrival);
        }
    }

    @Override
    public void sessionOpened(TcpSession session) {
        // The application has been told; a server keeps no books on it.
    }

    @Override
    public void sessionEnded(TcpSession session) {
        registry.sessionEnded(session);
        if (sessions.remove(session)) {
            acceptors.forEach(Acceptor::descriptorFreed);
            gate.leave(session.remoteAddress());
        }
    }

    /**
     * Returns the sessions that have been admitted and have not ended.
     *
     * @return the live set
     */
    public SessionSet sessions() {
        return sessions;
    }

    /**
     * Returns what is known of the sessions.
     *
     * @return groups and users
     */
    public SessionRegistry registry() {
        return registry;
    }

    /**
     * Returns how many connections have been accepted.
     *
     * @return connections since the start, those that were refused included
     */
    public long accepted() {
        return accepted.get();
    }

    /**
     * Returns how many connections have been refused.
     *
     * @return connections since the start, for every reason there is
     */
    public Map<RefusalReason, Long> refused() {
        return refusals.counts();
    }

    /**
     * Returns how often accepting failed.
     *
     * @return failures since the start
     */
    public long acceptFailures() {
        return acceptors.stream().mapToLong(Acceptor::failures).sum();
    }

    /**
     * Returns how many accepts wait for a client.
     *
     * @return from 0 to the number of listening channels
     */
    public int acceptsInFlight() {
        return (int) acceptors.stream().filter(Acceptor::isAccepting).count();
    }

    /**
     * Returns whether accepting fails on any channel, and is about to be tried again.
     *
     * @return true while backing off
     */
    public boolean isBackingOff() {
        return acceptors.stream().anyMatch(Acceptor::isBackingOff);
    }

    /** Returns whether connections that have been accepted wait for their proxies to say whose they are. */
    boolean isAsking() {
        return inquiries != null && !inquiries.isEmpty();
    }

    /** Returns what counts connections in and out. */
    ConnectionGate gate() {
        return gate;
    }

    /** Returns what counts and answers the others. */
    Refusals refusals() {
        return refusals;
    }
}
