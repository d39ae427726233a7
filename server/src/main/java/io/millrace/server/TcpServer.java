package io.millrace.server;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.internal.TcpSession;
import io.millrace.server.internal.Admission;
import io.millrace.server.internal.SessionRegistry;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A TCP server: one or more listening addresses and the sessions accepted on them.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: see {@link ServerState}. Running from {@link #start()}, or {@link TcpServerBuilder#bind(int)}, until
 * {@link #drain} or {@link #close()}, then stopped for good; another server may bind to the same port at once. A server
 * that was never started has no thread and nothing open; closing it is allowed and not needed.
 *
 * <p>Errors: what goes wrong with one connection ends that session and no other. Accepting is tried again for ever,
 * with a pause that grows to 1.6 s.
 */
public final class TcpServer implements AutoCloseable {
    private final ServerPlan plan;
    private final ServerLifecycle life;
    private final SessionGroups groups;
    private final SessionUsers users;

    TcpServer(ServerPlan plan) {
        this.plan = plan;
        this.life = new ServerLifecycle(plan, this);
        this.groups = new SessionGroups(life::registry);
        this.users = new SessionUsers(life::registry);
    }

    /** {@return a new builder with all defaults} */
    public static TcpServerBuilder builder() {
        return new TcpServerBuilder();
    }

    /**
     * Returns the server that a session belongs to, for handlers that need its groups, its users or its other sessions.
     *
     * @param session a session that a server has accepted, open or ended
     * @return its server
     * @throws IllegalArgumentException if it is a client's session
     */
    public static TcpServer of(Session session) {
        if (session instanceof TcpSession made
                && made.owner() instanceof Admission admission
                && admission.server() instanceof TcpServer server) {
            return server;
        }
        throw new IllegalArgumentException(
                "session is " + session + "; it must be one that a server has accepted, and not a client's");
    }

    /**
     * Opens all addresses and serves whoever connects. All or nothing: if this throws, nothing is open, and it may be
     * tried again. Starting a running server does nothing, also if another thread is just starting it.
     *
     * <p>Threading: any thread. It blocks for names only that were not known when the builder was given them.
     *
     * @return this
     * @throws TransportException if a name is unknown, an address is taken, or the system refuses
     * @throws IllegalArgumentException if a socket option cannot be set here
     * @throws IllegalStateException if the server is draining or has stopped: make a new one
     * @throws java.nio.channels.ShutdownChannelGroupException if the shared group has been closed
     */
    public TcpServer start() throws TransportException {
        life.start();
        return this;
    }

    /** {@return how far this server has come} */
    public ServerState state() {
        return life.state();
    }

    /**
     * Looks whether this server can do its work, for those who send it clients or restart it.
     *
     * <p>Threading: any thread; never blocks.
     *
     * @return what was found
     */
    public ServerHealth health() {
        return life.health();
    }

    /**
     * Returns the first of the addresses.
     *
     * @return see {@link #localAddresses()}
     */
    public InetSocketAddress localAddress() {
        return localAddresses().get(0);
    }

    /**
     * Returns the addresses that clients connect to, in the order in which they were given.
     *
     * @return before the start the addresses as they were asked for; from then on, after the stop too, as they were
     *     bound, each with the port that the system chose if 0 was asked for. Unmodifiable, at least one
     */
    public List<InetSocketAddress> localAddresses() {
        return life.addresses();
    }

    /** {@return the port of the first address} */
    public int port() {
        return localAddress().getPort();
    }

    /**
     * Returns the group that this server works with.
     *
     * @return the shared group, or the server's own one, which exists from the start on
     * @throws IllegalStateException if the group is to be an own one and the server has never been started
     */
    public IoGroup group() {
        OpenServer open = life.open();
        IoGroup group = open != null ? open.group() : plan.sharedGroup();
        if (group == null) {
            throw new IllegalStateException(
                    "there is no group yet: the server makes its own one in start(), unless the builder is given one"
                            + " with group(...)");
        }
        return group;
    }

    /** {@return the open sessions, as a snapshot} */
    public Collection<Session> sessions() {
        return Collections.unmodifiableCollection(
                new ArrayList<Session>(life.sessions().sessions()));
    }

    /**
     * Returns the open session with a number.
     *
     * @param id the number
     * @return the session, or null if there is none
     */
    public @Nullable Session session(long id) {
        return life.sessions().get(id);
    }

    /** {@return the named groups that sessions can join} */
    public SessionGroups groups() {
        return groups;
    }

    /** {@return whose the sessions are, as far as the application has said so} */
    public SessionUsers users() {
        return users;
    }

    /** {@return all sessions, as a group} */
    public SessionGroup everyone() {
        return new SessionGroup("everyone", life::registry, SessionRegistry::all);
    }

    /**
     * Sends a message to all sessions, as {@link SessionGroup#broadcast(ByteBuffer)} does.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @return what became of it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it; it was sent to nobody then
     */
    public BroadcastResult broadcast(ByteBuffer message) {
        return everyone().broadcast(message);
    }

    /** {@return a snapshot of the counters of this server; all zero before the start} */
    public TcpServerStats stats() {
        OpenServer open = life.open();
        return open == null ? ServerStatistics.nothing() : open.statistics().stats();
    }

    /**
     * Returns what this server does per second, over the last 1 to 10 seconds; the first time, since its start. Anybody may
     * ask at any time, without disturbing others who do. Nothing is measured while nobody asks: after a longer pause the rates
     * are those since the last call.
     *
     * @return the rates, with the interval that they are over; all zero before the start
     */
    public TcpServerRates rates() {
        OpenServer open = life.open();
        return open == null ? ServerStatistics.noRates() : open.statistics().rates();
    }

    /**
     * Returns all that this server tells about itself, to be shown to people or given to programs.
     *
     * @return a snapshot; it counts as a call of {@link #rates()}
     */
    public TcpServerSnapshot snapshot() {
        OpenServer open = life.open();
        return new TcpServerSnapshot(
                Instant.now(),
                state(),
                localAddresses(),
                plan.setup().protocol().toString(),
                stats(),
                rates(),
                open == null ? null : open.group().stats());
    }

    /**
     * Closes the sessions whose addresses the {@link io.millrace.server.admission.AddressFilter} does not let in any
     * more, in good order. Returns at once.
     *
     * @return how many
     */
    public int closeDenied() {
        OpenServer open = life.open();
        return open == null ? 0 : open.admission().closeDenied();
    }

    /**
     * Waits until this server has stopped: until its sessions have ended, or could not be waited for any longer.
     *
     * @throws InterruptedException if the waiting thread is interrupted
     * @throws IllegalStateException on an I/O thread, which must not wait
     */
    public void awaitClosed() throws InterruptedException {
        life.awaitStopped();
    }

    /**
     * Stops this server and returns at once. Those who have connected already are let in, for their requests may be on
     * their way; that takes 15 ms if there are none, and 800 ms at most. From then on it accepts nobody; its sessions
     * finish what is in flight, send what is queued and close in good order; what is left at the deadline is cut off.
     * Handlers that do not return hold this up for 2 s beyond the deadline at most. Then the server is {@link ServerState#STOPPED}, and
     * after that its own group, if it has one, is closed.
     *
     * <p>May be called again and by several threads: of all the deadlines the earliest counts, that of a
     * {@link #close()} among them, and all get the same report. A server that was never started stops at once.
     *
     * <p>Threading: any thread, I/O threads and callbacks too.
     *
     * @param deadline how long it may take from now; 0 cuts off at once, longer than a year counts as a year
     * @return completes when the server has stopped, on a thread of its own that may be blocked
     * @throws IllegalArgumentException if the deadline is negative
     */
    public CompletableFuture<DrainReport> drain(Duration deadline) {
        Objects.requireNonNull(deadline, "deadline");
        Ranges.require(!deadline.isNegative(), "deadline", deadline, "from 0 (at once)");
        return life.drain(deadline.isZero() ? 0 : Ranges.positiveNanos("deadline", deadline));
    }

    /**
     * Stops this server as {@link #drain} does with the drain timeout of the builder, and waits until it has stopped
     * and its own group, if it has one, is closed. On an I/O or timer thread, in a handler of this server, in its state
     * listener and in a callback of its report it starts that and returns. Never throws; closing again waits for the
     * first close. An interrupt while waiting cuts off what is left, and is kept.
     */
    @Override
    public void close() {
        life.close();
    }

    /** Stops this server as {@link #close()} does, but cuts off all sessions at once. */
    public void closeNow() {
        life.close(0);
    }

    ServerLifecycle life() {
        return life;
    }

    @Override
    public String toString() {
        List<InetSocketAddress> addresses = localAddresses();
        return "TcpServer[" + (addresses.size() == 1 ? addresses.get(0) : addresses) + ", "
                + plan.setup().protocol() + ", " + state() + "]";
    }
}
