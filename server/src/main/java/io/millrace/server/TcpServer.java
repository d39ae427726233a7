package io.millrace.server;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.observe.Beans;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.internal.Admission;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP server: a listening address and the sessions accepted on it.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: running from {@link TcpServerBuilder#bind(int)} until {@link #close()}, then closed for good; another server
 * may bind to the same port at once.
 *
 * <p>Errors: what goes wrong with one connection ends that session and no other. Accepting is tried again for ever,
 * with a pause that grows to 1.6 s.
 */
public final class TcpServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TcpServer.class);
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "the server is closing");

    private final IoGroup group;
    private final boolean ownsGroup;
    private final IoRuntime runtime;
    private final Protocol protocol;
    private final InetSocketAddress localAddress;
    private final Admission admission;
    private final CloseOnce closing;
    // Written once, when the bean is shown; what closes meanwhile is noticed by whoever is later.
    private volatile Beans.Registration bean = Beans.none();

    TcpServer(
            IoGroup group, boolean ownsGroup, Protocol protocol, InetSocketAddress localAddress, Admission admission) {
        this.group = group;
        this.ownsGroup = ownsGroup;
        this.runtime = GroupAccess.runtimeOf(group);
        this.protocol = protocol;
        this.localAddress = localAddress;
        this.admission = admission;
        this.closing = new CloseOnce(runtime);
    }

    /** {@return a new builder with all defaults} */
    public static TcpServerBuilder builder() {
        return new TcpServerBuilder();
    }

    /** {@return the address that clients connect to, with the port that the system chose if 0 was asked for} */
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /** {@return the port that clients connect to} */
    public int port() {
        return localAddress.getPort();
    }

    /** {@return the group that this server works with} */
    public IoGroup group() {
        return group;
    }

    /** {@return the open sessions, as a snapshot} */
    public Collection<Session> sessions() {
        return Collections.unmodifiableCollection(
                new ArrayList<Session>(admission.sessions().sessions()));
    }

    /**
     * Returns the open session with a number.
     *
     * @param id the number
     * @return the session, or null if there is none
     */
    public @Nullable Session session(long id) {
        return admission.sessions().get(id);
    }

    /** {@return a snapshot of the counters of this server} */
    public TcpServerStats stats() {
        SessionSet sessions = admission.sessions();
        return new TcpServerStats(
                sessions.count(),
                sessions.peak(),
                admission.accepted(),
                admission.turnedAway(),
                admission.acceptFailures(),
                admission.acceptsInFlight(),
                sessions.totals());
    }

    /**
     * Waits until this server is closed, by {@link #close()} from elsewhere.
     *
     * @throws InterruptedException if the waiting thread is interrupted
     * @throws IllegalStateException on an I/O thread, which must not wait
     */
    public void awaitClosed() throws InterruptedException {
        closing.await();
    }

    /**
     * Stops accepting, closes all sessions in good order, and cuts those that have not ended after the drain timeout.
     * Waits for that; on an I/O thread it starts the close and returns. Never throws; closing again waits for the
     * first close.
     */
    @Override
    public void close() {
        closing.close(admission::stop, this::drainAndClose, this::closeOwnGroup);
    }

    void showBean() {
        bean = Beans.register("Server", beanName(localAddress), new ServerBean(this));
        if (closing.hasStarted()) {
            bean.remove();
        }
    }

    private void drainAndClose() {
        int cut = admission.drain(CLOSING);
        runtime.leave(this);
        bean.remove();
        log.info("server stopped; address={} accepted={} cut={}", localAddress, admission.accepted(), cut);
    }

    private void closeOwnGroup() {
        if (ownsGroup) {
            group.close();
        }
    }

    private static String beanName(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Override
    public String toString() {
        return "TcpServer[" + localAddress + ", " + protocol + "]";
    }
}
