package io.millrace.server;

import io.millrace.core.CloseReason;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.observe.Beans;
import io.millrace.server.internal.Announcer;
import io.millrace.server.internal.Drain;
import io.millrace.server.internal.SessionRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts and stops a server, once each, whoever asks and however often. */
final class ServerLifecycle {
    /*
     * The states are those of ServerState. Every transition is made under this object's lock, and so is all that must
     * not be half done when the next caller comes: opening everything, and closing the listening channels. None of it
     * waits for anybody.
     *
     * What waits is the drain, on a thread of its own, so that it can be started anywhere. It has an end, whatever the
     * application does (see Drain), and waits for no code of the application's: listeners of the state have their own
     * thread, and the report is completed last.
     *
     *     drain thread:  last call, stop accepting | retire, wait, cut, wait | leave the group, STOPPED | own group's close, elsewhere | report
     *
     * Who waits for whom. close() waits for all of it, the end of an own group included. A group that is closed waits
     * for its servers to be STOPPED, which comes before the own group's close: so neither waits for the other. Whoever
     * is waited for in turn returns from close() at once: I/O threads, the sessions' callbacks, the listener, and the
     * callbacks of the report.
     */
    private static final Logger log = LoggerFactory.getLogger(ServerLifecycle.class);
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "the server is closing");
    private static final AtomicInteger made = new AtomicInteger();

    /** How long a close waits for the listener of the state to hear of it. */
    private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ServerPlan plan;
    private final TcpServer server;
    private final @Nullable Announcer<ServerState> announcer;
    private final SessionSet noSessions = new SessionSet();
    private final SessionRegistry nobody;
    private final AutoCloseable member = this::closeForGroup;
    private final CompletableFuture<DrainReport> report = new CompletableFuture<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    // Written under this; read by anyone.
    private volatile ServerState state = ServerState.NEW;
    private volatile @Nullable OpenServer open;
    // Written once, before the state that makes anybody read it.
    private volatile @Nullable Thread drainThread;
    // Guarded by this.
    private Beans.Registration bean = Beans.none();

    ServerLifecycle(ServerPlan plan, TcpServer server) {
        this.plan = plan;
        this.nobody = new SessionRegistry(plan.setup(), noSessions);
        this.server = server;
        BiConsumer<TcpServer, ServerState> listener = plan.onStateChange();
        this.announcer = listener == null
                ? null
                : new Announcer<>(
                        "millrace-server-" + made.incrementAndGet() + "-state", now -> listener.accept(server, now));
    }

    ServerState state() {
        return state;
    }

    /** Returns what is, or was, open; null before the start. */
    @Nullable
    OpenServer open() {
        return open;
    }

    /** Returns the sessions, of which there are none before the start. */
    SessionSet sessions() {
        OpenServer now = open;
        return now == null ? noSessions : now.admission().sessions();
    }

    /** Returns what is known of the sessions: nothing before the start. */
    SessionRegistry registry() {
        OpenServer now = open;
        return now == null ? nobody : now.admission().registry();
    }

    /** Returns the addresses: those that are bound, or those that will be. */
    List<InetSocketAddress> addresses() {
        OpenServer now = open;
        return now == null ? plan.addresses() : now.addresses();
    }

    synchronized void start() throws TransportException {
        switch (state) {
            case NEW -> run(OpenServer.open(plan, member, server));
            case RUNNING -> {
                // Somebody else was faster.
            }
            case DRAINING, STOPPED ->
                throw new IllegalStateException("the server is " + state
                        + " and does not start again: make a new one, which can have its address");
        }
    }

    private void run(OpenServer opened) {
        open = opened;
        if (plan.jmx()) {
            InetSocketAddress first = opened.addresses().get(0);
            String name = String.join(":", first.getAddress().getHostAddress(), Integer.toString(first.getPort()));
            bean = Beans.register("Server", name, new ServerBean(server), opened.runtime()::executeLater);
        }
        log.info(
                "server started; addresses={} protocol={} backlog={} group={} proxyProtocol={} {} {}",
                opened.addresses(),
                plan.setup().protocol(),
                plan.backlog(),
                opened.group(),
                plan.proxyProtocol(),
                plan.admission(),
                plan.setup().config());
        enter(ServerState.RUNNING);
        opened.admission().start();
    }

    private void enter(ServerState next) {
        state = next;
        if (announcer != null) {
            announcer.announce(next);
        }
    }

    /** Stops the server within a time; of several times the earliest counts. */
    CompletableFuture<DrainReport> drain(long nanos) {
        synchronized (this) {
            long startNanos = System.nanoTime();
            OpenServer opened = open;
            if (opened == null) {
                stopUnopened();
            } else {
                opened.admission().sessions().dueIn(nanos);
                if (nanos == 0) {
                    opened.admission().stop();
                }
                if (state == ServerState.RUNNING) {
                    startDrain(opened, startNanos);
                }
            }
        }
        // A copy, for whoever completes it themselves must not tell the others.
        return report.copy();
    }

    private void stopUnopened() {
        if (state == ServerState.NEW) {
            enter(ServerState.STOPPED);
            stopped.countDown();
            ended.countDown();
            report.complete(new DrainReport(0, 0, 0, Duration.ZERO, true, List.of()));
        }
    }

    private void startDrain(OpenServer opened, long startNanos) {
        Drain drain = new Drain(opened.admission().sessions(), CLOSING, startNanos);
        Thread thread = newThread(() -> drainOn(opened, drain), opened.runtime().name() + "-drain");
        drainThread = thread;
        // If there is no thread to be had, this throws and the server is still RUNNING: the next call tries again.
        thread.start();
        enter(ServerState.DRAINING);
    }

    /** Not a daemon, whoever starts it: a stop that has begun must not be lost because the program ends. */
    private static Thread newThread(Runnable task, String name) {
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setDaemon(false);
        return thread;
    }

    private void drainOn(OpenServer opened, Drain drain) {
        DrainReport how = null;
        try {
            // First, so that those who have connected already are served, and nobody who is sent away comes back in.
            opened.admission().stopWhenQuiet();
            Drain.Outcome outcome = drain.run(DrainReport.MOST_LINES);
            how = new DrainReport(
                    outcome.ended(),
                    outcome.cut(),
                    outcome.left(),
                    Duration.ofNanos(outcome.tookNanos()),
                    outcome.inTime(),
                    outcome.stuckHandlers());
        } finally {
            stopped(opened, how);
        }
    }

    private void stopped(OpenServer opened, @Nullable DrainReport how) {
        opened.admission().end();
        synchronized (this) {
            opened.runtime().leave(member);
            bean.remove();
            enter(ServerState.STOPPED);
        }
        log(opened, how);
        stopped.countDown();
        closeOwnGroup(opened);
        if (how != null) {
            report.complete(how);
        } else {
            report.completeExceptionally(new IllegalStateException("the drain has failed, see the log"));
        }
    }

    private void log(OpenServer opened, @Nullable DrainReport how) {
        if (how == null) {
            log.error("server stopped, but its drain has failed; addresses={}", opened.addresses());
            return;
        }
        log.info(
                "server stopped; addresses={} accepted={} refused={} ended={} cut={} left={} millis={}",
                opened.addresses(),
                opened.admission().accepted(),
                opened.admission().refused().values().stream()
                        .mapToLong(Long::longValue)
                        .sum(),
                how.ended(),
                how.cut(),
                how.left(),
                how.took().toMillis());
        if (how.left() > 0) {
            log.warn(
                    "handlers have not returned, and their sessions are left; addresses={} left={} handlers={}",
                    opened.addresses(),
                    how.left(),
                    how.stuckHandlers());
        }
    }

    /** Elsewhere, because it may have to wait for stuck handlers, and the report need not. */
    private void closeOwnGroup(OpenServer opened) {
        if (!plan.ownsGroup()) {
            ended.countDown();
            return;
        }
        Runnable close = () -> {
            try {
                opened.group().close();
            } finally {
                ended.countDown();
            }
        };
        try {
            newThread(close, opened.runtime().name() + "-closer").start();
        } catch (OutOfMemoryError noThread) {
            close.run();
        }
    }

    private void closeForGroup() {
        drain(plan.drainNanos());
        awaitOrCut(stopped);
    }

    /** Stops the server, and waits for that where waiting is allowed. */
    void close(long nanos) {
        drain(nanos);
        if (!isWaitedFor()) {
            awaitOrCut(ended);
        }
    }

    void close() {
        close(plan.drainNanos());
    }

    /** Returns whether the end waits for the caller, who must not wait for the end. */
    private boolean isWaitedFor() {
        return IoRuntime.mustNotBlock()
                || Thread.currentThread() == drainThread
                || (announcer != null && announcer.isTelling())
                || sessions().sessions().stream().anyMatch(TcpSession::isInCallback);
    }

    private void awaitOrCut(CountDownLatch latch) {
        try {
            latch.await();
            awaitTold();
        } catch (InterruptedException e) {
            // Whoever interrupts a close wants it over: what is left is cut off.
            drain(0);
            Thread.currentThread().interrupt();
        }
    }

    /** Waits a moment for the listener of the state to hear of it all. */
    void awaitTold() throws InterruptedException {
        if (announcer != null && !announcer.isTelling()) {
            announcer.awaitTold(TELL_NANOS);
        }
    }

    long drainNanos() {
        return plan.drainNanos();
    }

    void awaitStopped() throws InterruptedException {
        if (IoRuntime.mustNotBlock()) {
            throw new IllegalStateException("this would block an I/O thread: call it from another one");
        }
        stopped.await();
    }

    /** Calls when the server has stopped. */
    void whenStopped(Runnable task) {
        report.whenComplete((how, failure) -> task.run());
    }

    ServerHealth health() {
        return HealthCheck.of(state, open, plan.admission().maxConnections());
    }
}
