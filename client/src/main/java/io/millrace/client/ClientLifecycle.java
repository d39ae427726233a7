package io.millrace.client;

import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.pool.ConnectionPool;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.observe.Beans;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a client begins and ends.
 *
 * <p>Threading: Thread-safe.
 */
final class ClientLifecycle implements AutoCloseable {
    /*
     *   made --- start() ---> joined to its group, bean shown, pool open --- close() ---> all given back, for good
     *
     * The group closes whatever has joined it, so a close may come while start() is still under way. The bean is the
     * only thing that start() could then leave behind: it is removed by whoever is later.
     *
     * The group of the client's own is closed last, and not waited for by others who close: closing it closes its
     * members, this one among them.
     */
    private static final Logger log = LoggerFactory.getLogger(ClientLifecycle.class);
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "the client is closing");

    private final IoGroup group;
    private final boolean ownsGroup;
    private final IoRuntime runtime;
    private final ClientPlan plan;
    private final SessionOpener opener;
    private final ConnectionPool pool;
    private final CloseOnce closing;

    // Written once, by start(); read by whoever closes: see above.
    private volatile Beans.Registration bean = Beans.none();

    ClientLifecycle(IoGroup group, boolean ownsGroup, ClientPlan plan, SessionOpener opener, ConnectionPool pool) {
        this.group = group;
        this.ownsGroup = ownsGroup;
        this.runtime = GroupAccess.runtimeOf(group);
        this.plan = plan;
        this.opener = opener;
        this.pool = pool;
        this.closing = new CloseOnce(runtime);
    }

    /** Joins the group, and connects what shall always be connected. Called once. */
    void start(TcpClient client) {
        runtime.join(this);
        if (plan.jmx()) {
            bean = Beans.register("Client", plan.endpoints().toString(), new ClientBean(client), runtime::executeLater);
            if (closing.hasStarted()) {
                bean.remove();
            }
        }
        pool.start();
    }

    @Override
    public void close() {
        closing.close(() -> {}, this::drainAndClose, this::closeOwnGroup);
    }

    private void drainAndClose() {
        pool.close();
        int cut = opener.close(CLOSING, plan.drainNanos());
        runtime.leave(this);
        bean.remove();
        log.debug("client stopped; endpoint={} cut={}", plan.endpoints(), cut);
    }

    private void closeOwnGroup() {
        if (ownsGroup) {
            group.close();
        }
    }

    /** As the group names it if closing it fails. */
    @Override
    public String toString() {
        return "TcpClient[" + plan.endpoints() + ", " + plan.setup().protocol() + "]";
    }
}
