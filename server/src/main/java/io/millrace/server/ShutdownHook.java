package io.millrace.server;

import io.millrace.core.config.Ranges;
import io.millrace.server.internal.ExitStatus;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drains a server when the JVM is told to end: by SIGTERM, as {@code kill} and orchestrators do, by SIGINT, as Ctrl-C
 * does, or by {@link System#exit}.
 *
 * <pre>{@code
 * TcpServer server = TcpServer.builder()....bind(9000);
 * ShutdownHook.drain(server)
 *         .deadline(Duration.ofSeconds(20))
 *         .onReport(report -> System.out.println(report))
 *         .exitStatus(0, 1)
 *         .register();
 * server.awaitClosed();
 * }</pre>
 *
 * <p>The JVM runs all shutdown hooks at once and in no order. A logging backend that stops by a hook of its own may
 * stop before the drain has said anything: turn that hook off, and stop the backend in {@link Builder#afterwards}. So
 * do with whatever the handlers need to the last. A second signal changes nothing, as with any Java program; SIGKILL
 * ends at once.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: in force from {@link Builder#register()} until the server has stopped, whoever stops it, or
 * {@link #close()}, which does not touch the server. Until then the JVM keeps the server reachable.
 *
 * <p>Errors: what the report's consumer or the tasks before and after throw is logged, and counts as an end that was not in
 * good order.
 */
public final class ShutdownHook implements AutoCloseable {
    /*
     * A JVM that ends by a signal ends with 128 and its number, whatever the hooks do: 143 after SIGTERM. Only halting
     * it in a hook gives another status, and cuts short the hooks that still run, so that is done only if it is asked
     * for, and only after a signal: the status of System.exit() is what the program has chosen. When several hooks of
     * ours choose a status, the last one to be done halts, with the worst of them (see ExitStatus).
     *
     * A hook of a server that has stopped takes itself out. When the JVM is ending already it cannot, and need not.
     */
    private static final Logger log = LoggerFactory.getLogger(ShutdownHook.class);

    /** How long beyond its deadline a drain may take before it is given up: it has a bound of its own, of 2 s. */
    private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ServerLifecycle life;
    private final long deadlineNanos;
    private final @Nullable Runnable beforehand;
    private final @Nullable Consumer<? super DrainReport> onReport;
    private final @Nullable Runnable afterwards;
    private final @Nullable ExitStatus exitStatus;
    private final Thread thread;

    // Guarded by this.
    private boolean registered;

    private ShutdownHook(Builder builder) {
        this.life = builder.server.life();
        this.deadlineNanos = builder.deadlineNanos;
        this.beforehand = builder.beforehand;
        this.onReport = builder.onReport;
        this.afterwards = builder.afterwards;
        this.exitStatus = builder.exitStatus;
        this.thread = new Thread(null, this::run, "millrace-shutdown", 0, false);
    }

    /**
     * Returns a builder of a hook that drains a server.
     *
     * @param server the server, started or not
     * @return a new builder: the deadline is the server's drain timeout, and the exit status is left to the JVM
     */
    public static Builder drain(TcpServer server) {
        return new Builder(Objects.requireNonNull(server, "server"));
    }

    /**
     * Returns whether this hook is in force.
     *
     * @return false once the server has stopped, or this has been closed
     */
    public synchronized boolean isRegistered() {
        return registered;
    }

    /** Takes this hook out. The server goes on. Does nothing if it is out, or the JVM is ending already. */
    @Override
    public synchronized void close() {
        if (!registered) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException jvmIsEnding) {
            return;
        }
        registered = false;
        if (exitStatus != null) {
            exitStatus.withdraw();
        }
    }

    private synchronized void register() {
        Runtime.getRuntime().addShutdownHook(thread);
        registered = true;
        if (exitStatus != null) {
            exitStatus.expect();
        }
    }

    private void run() {
        boolean prepared = beforehand == null || runSafely("beforehand", beforehand);
        boolean good = false;
        try {
            DrainReport report = life.drain(deadlineNanos).get(deadlineNanos + GIVE_UP_NANOS, TimeUnit.NANOSECONDS);
            life.awaitTold();
            good = tell(report) && report.inTime() && prepared;
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            log.error("drain at the end of the program failed", e);
        }
        if (afterwards != null) {
            good &= runSafely("afterwards", afterwards);
        }
        if (exitStatus != null) {
            exitStatus.done(good);
        }
    }

    private boolean tell(DrainReport report) {
        return onReport == null || runSafely("onReport", () -> onReport.accept(report));
    }

    private static boolean runSafely(String what, Runnable task) {
        try {
            task.run();
            return true;
        } catch (Throwable thrown) {
            log.error("{} threw at the end of the program", what, thrown);
            return false;
        }
    }

    /** Collects what a hook does. Not thread-safe. */
    public static final class Builder {
        private final TcpServer server;
        private long deadlineNanos;
        private @Nullable Runnable beforehand;
        private @Nullable Consumer<? super DrainReport> onReport;
        private @Nullable Runnable afterwards;
        private @Nullable ExitStatus exitStatus;

        private Builder(TcpServer server) {
            this.server = server;
            this.deadlineNanos = server.life().drainNanos();
        }

        /**
         * Sets how long the drain may take. Orchestrators wait for a limited time before they kill: choose less than
         * that by 3 s.
         *
         * @param deadline more than zero; longer than a year counts as a year; the server's drain timeout by default
         * @return this
         * @throws IllegalArgumentException if it is not
         */
        public Builder deadline(Duration deadline) {
            this.deadlineNanos = Ranges.positiveNanos("deadline", deadline);
            return this;
        }

        /**
         * Sets what to do before the drain, while sessions can still be sent to: to tell the peers, where the protocol
         * has no notice of its own for that. What it sends is written before the sessions close.
         *
         * @param task called by the hook's thread, before the deadline begins; it must end, for the drain waits for it
         * @return this
         */
        public Builder beforehand(Runnable task) {
            this.beforehand = Objects.requireNonNull(task, "task");
            return this;
        }

        /**
         * Sets what to do with the report.
         *
         * @param consumer called by the hook's thread when the server has stopped
         * @return this
         */
        public Builder onReport(Consumer<? super DrainReport> consumer) {
            this.onReport = Objects.requireNonNull(consumer, "consumer");
            return this;
        }

        /**
         * Sets what to do after the report: to close what the handlers needed, and last of all the logging backend.
         *
         * @param task called by the hook's thread; nobody waits for it in vain, so it must end
         * @return this
         */
        public Builder afterwards(Runnable task) {
            this.afterwards = Objects.requireNonNull(task, "task");
            return this;
        }

        /**
         * Sets the exit status for when a signal has ended the program: without this it is 128 and the signal's number,
         * 143 after SIGTERM, however well all went. The JVM is halted for that, so other shutdown hooks, which have run
         * at the same time as the drain, are cut short if they need longer than all this. After {@link System#exit} and
         * after an end by itself the status remains what it was.
         *
         * @param inGoodOrder from 0 to 255: when every session has ended before the deadline
         * @param otherwise from 1 to 255: when one had to be cut off, or something failed
         * @return this
         * @throws IllegalArgumentException if one is out of range
         */
        public Builder exitStatus(int inGoodOrder, int otherwise) {
            Ranges.require(inGoodOrder >= 0 && inGoodOrder <= 255, "inGoodOrder", inGoodOrder, "from 0 to 255");
            Ranges.require(otherwise >= 1 && otherwise <= 255, "otherwise", otherwise, "from 1 to 255");
            this.exitStatus = new ExitStatus(inGoodOrder, otherwise);
            return this;
        }

        /**
         * Puts a hook in force.
         *
         * @return the hook
         * @throws IllegalStateException if the JVM is ending already
         */
        public ShutdownHook register() {
            ShutdownHook hook = new ShutdownHook(this);
            hook.register();
            hook.life.whenStopped(hook::close);
            return hook;
        }
    }
}
