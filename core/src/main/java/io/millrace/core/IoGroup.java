package io.millrace.core;

import io.millrace.core.config.Ranges;
import io.millrace.core.engine.CloseOnce;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.BufferPoolStats;
import io.millrace.core.memory.IoContextPool;
import io.millrace.core.memory.LeaseTracker;
import io.millrace.core.observe.Beans;
import io.millrace.core.observe.FlightEvents;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The I/O threads, the timer and the memory that servers and clients work with.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: started by {@link Builder#start()}, ended for good by {@link #close()}. A server or client that is
 * given no group makes one of its own and closes it with itself.
 *
 * <p>Errors: using a closed group throws {@link java.nio.channels.ShutdownChannelGroupException}.
 */
public final class IoGroup implements AutoCloseable {
    /** The most I/O threads that a group can have. */
    public static final int MOST_THREADS = 1024;

    /** How long {@link #close()} waits for the I/O threads to end, in seconds. */
    public static final int CLOSE_TIMEOUT_SECONDS = 5;

    /** The default limit on sessions of one group: more than descriptors allow nearly everywhere. */
    public static final int DEFAULT_MAX_SESSIONS = 1_000_000;

    /**
     * The default time that a callback may hold an I/O thread before that is logged: 1 s, longer than a garbage
     * collection holds one, shorter than any deadline of ours.
     */
    public static final Duration DEFAULT_BLOCKED_THREAD_TIMEOUT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(IoGroup.class);
    private static final AtomicInteger made = new AtomicInteger();

    static {
        GroupAccess.install(
                group -> ((IoGroup) group).runtime, (builder, nanoClock) -> ((Builder) builder).nanoClock = nanoClock);
    }

    private final IoRuntime runtime;
    private final Beans.Registration bean;
    private final CloseOnce closing;

    @SuppressWarnings("this-escape")
    private IoGroup(IoRuntime runtime, boolean jmx) {
        this.runtime = runtime;
        this.closing = new CloseOnce(runtime);
        this.bean = jmx
                ? Beans.register("Group", runtime.name(), new GroupBean(this, runtime.name()), runtime::executeLater)
                : Beans.none();
    }

    /**
     * Starts a group with all defaults.
     *
     * @return a running group
     * @throws TransportException if the system refuses what an event loop needs
     */
    public static IoGroup start() throws TransportException {
        return builder().start();
    }

    /**
     * Returns a builder with all defaults.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the name of the group, with which the names of its threads begin.
     *
     * @return what {@link Builder#name} was given, or a name that was made for it
     */
    public String name() {
        return runtime.name();
    }

    /**
     * Returns the counters of the group.
     *
     * @return a snapshot
     */
    public IoGroupStats stats() {
        BufferPoolStats buffers = runtime.buffers().stats();
        return new IoGroupStats(
                runtime.threadCount(),
                buffers.leased(),
                buffers.leasedBytes(),
                buffers.capacityBytes(),
                buffers.limitBytes(),
                buffers.misses(),
                runtime.contexts().leased(),
                runtime.contexts().peak(),
                buffers.peak(),
                buffers.reclaimedBlocks(),
                buffers.foreignBytes(),
                runtime.blockedThreads(),
                runtime.blockedIncidents(),
                runtime.lostThreads());
    }

    /**
     * Closes the servers and clients of this group, then its threads. Waits until that is done, at most the deadlines
     * of the servers and clients and {@value #CLOSE_TIMEOUT_SECONDS} s; on one of the group's own threads it starts
     * the close and returns. Never throws; closing again waits for the first close.
     */
    @Override
    public void close() {
        closing.close(() -> {}, this::closeNow, () -> {});
    }

    private void closeNow() {
        bean.remove();
        for (AutoCloseable member : runtime.closeMembership()) {
            try {
                member.close();
            } catch (Exception e) {
                log.error("close failed; member={}", member, e);
            }
        }
        List<String> stuck = runtime.shutdown(TimeUnit.SECONDS.toNanos(CLOSE_TIMEOUT_SECONDS));
        if (!stuck.isEmpty()) {
            log.warn("I/O threads are still busy in application callbacks; group={} threads={}", runtime.name(), stuck);
        }
        LeaseTracker tracker = runtime.buffers().tracker();
        if (tracker != null) {
            tracker.report(runtime.name());
        }
    }

    @Override
    public String toString() {
        return "IoGroup[" + runtime.name() + ", threads=" + runtime.threadCount() + "]";
    }

    /** Collects the settings of a group. Not thread-safe. */
    public static final class Builder {
        private String name = "millrace-".concat(Integer.toString(made.incrementAndGet()));
        private int threads = Runtime.getRuntime().availableProcessors();
        private boolean daemon;
        private long bufferMemory =
                Math.max(BufferPool.BLOCK_BYTES, Runtime.getRuntime().maxMemory() / 2);
        private int maxSessions = DEFAULT_MAX_SESSIONS;
        private LongSupplier nanoClock = System::nanoTime;
        private int preallocateSessions;
        private boolean trackBuffers;
        private Duration blockedThreadTimeout = DEFAULT_BLOCKED_THREAD_TIMEOUT;
        private boolean logContext;
        private boolean jmx = true;

        private Builder() {}

        /**
         * Sets the name of the group: the prefix of its threads' names.
         *
         * @param groupName the name; {@code millrace-1} and so on by default
         * @return this
         */
        public Builder name(String groupName) {
            this.name = Objects.requireNonNull(groupName, "groupName");
            return this;
        }

        /**
         * Sets the number of I/O threads.
         *
         * @param count from 1 to {@value IoGroup#MOST_THREADS}; the number of processors by default
         * @return this
         */
        public Builder threads(int count) {
            this.threads = count;
            return this;
        }

        /**
         * Sets whether the JVM may end while the group runs.
         *
         * @param daemonThreads false by default
         * @return this
         */
        public Builder daemon(boolean daemonThreads) {
            this.daemon = daemonThreads;
            return this;
        }

        /**
         * Sets the limit on direct memory.
         *
         * @param bytes at least 1 MiB; half of the JVM's largest heap by default
         * @return this
         */
        public Builder bufferMemory(long bytes) {
            this.bufferMemory = bytes;
            return this;
        }

        /**
         * Sets the limit on open sessions.
         *
         * @param count from 1 to 1,000,000,000; {@link #DEFAULT_MAX_SESSIONS} by default
         * @return this
         */
        public Builder maxSessions(int count) {
            this.maxSessions = count;
            return this;
        }

        /**
         * Takes what sessions hold while they are idle when the group starts, and not when they open: their operation
         * contexts, and the memory of their first receive buffers.
         *
         * @param count of sessions, from 0 to {@link #maxSessions}; 0 by default: nothing is taken before it is needed
         * @return this
         */
        public Builder preallocateSessions(int count) {
            this.preallocateSessions = count;
            return this;
        }

        /**
         * Sets how long a callback may hold an I/O thread before its stack is logged at WARN, once until it lets go.
         *
         * @param timeout from 0 (never) to 1 day, in steps of 10 ms;
         *     {@link IoGroup#DEFAULT_BLOCKED_THREAD_TIMEOUT} by default
         * @return this
         */
        public Builder blockedThreadTimeout(Duration timeout) {
            this.blockedThreadTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets whether to remember where each buffer and operation context was acquired. A diagnostic, and slow: a
         * second release then says where the first one was, a write after release is found and logged at ERROR, and
         * what is still leased when the group has closed is logged at WARN, with the places that acquired it.
         *
         * @param track false by default: then it costs nothing
         * @return this
         */
        public Builder trackBuffers(boolean track) {
            this.trackBuffers = track;
            return this;
        }

        /**
         * Sets whether the number and the peer of a session are in slf4j's MDC while its callbacks run, as
         * {@code session} and {@code remote}.
         *
         * @param on false by default, because for small messages it costs more than handling them
         * @return this
         */
        public Builder logContext(boolean on) {
            this.logContext = on;
            return this;
        }

        /**
         * Sets whether JMX shows the group, as {@link IoGroupMXBean}: at once if the JVM has an MBean server by then,
         * else a second after the start, because starting one takes longer than all the rest.
         *
         * @param show true by default
         * @return this
         */
        public Builder jmx(boolean show) {
            this.jmx = show;
            return this;
        }

        /**
         * Sets what is in a section of a settings file: the properties of this builder by their names.
         *
         * @param settings the section
         * @return this
         * @throws SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.text("name", this::name);
                in.whole("threads", this::threads);
                in.flag("daemon", this::daemon);
                in.bytes("bufferMemory", this::bufferMemory);
                in.whole("maxSessions", this::maxSessions);
                in.whole("preallocateSessions", this::preallocateSessions);
                in.flag("trackBuffers", this::trackBuffers);
                in.duration("blockedThreadTimeout", this::blockedThreadTimeout);
                in.flag("logContext", this::logContext);
                in.flag("jmx", this::jmx);
            });
            return this;
        }

        /**
         * Checks the settings and starts the group.
         *
         * @return a running group
         * @throws IllegalArgumentException naming the first setting that cannot be
         * @throws TransportException if the system refuses what an event loop needs, such as descriptors, or there is
         *     no memory for the sessions to preallocate
         */
        public IoGroup start() throws TransportException {
            Ranges.require("threads", threads, 1, MOST_THREADS, "threads");
            Ranges.require("maxSessions", maxSessions, 1, 1_000_000_000, "sessions");
            Ranges.require("bufferMemory", bufferMemory, BufferPool.BLOCK_BYTES, Long.MAX_VALUE, "bytes");
            Ranges.requireFromZero("blockedThreadTimeout", blockedThreadTimeout, 1, "never");
            Ranges.require("preallocateSessions", preallocateSessions, 0, maxSessions, "sessions");
            LeaseTracker tracker = null;
            if (trackBuffers) {
                tracker = new LeaseTracker();
                tracker.onLeak((groupName, leak) -> FlightEvents.bufferLeaked(leak));
            }
            BufferPool buffers = new BufferPool(bufferMemory, tracker);
            // Cannot overflow: twice the most sessions is below 2^31.
            IoContextPool contexts = new IoContextPool(2 * maxSessions, tracker);
            if (!buffers.tryPreallocate(BufferPool.SMALLEST_BYTES, preallocateSessions)) {
                throw new TransportException("cannot start group " + name + ": no memory for the first buffers of "
                        + preallocateSessions + " sessions: raise bufferMemory, which is " + bufferMemory
                        + " bytes, and -XX:MaxDirectMemorySize, or lower preallocateSessions");
            }
            contexts.preallocate(2 * preallocateSessions);
            try {
                IoRuntime runtime =
                        IoRuntime.start(new IoRuntime.Threads(name, threads, daemon), nanoClock, buffers, contexts);
                runtime.observe(blockedThreadTimeout.toNanos(), logContext);
                return new IoGroup(runtime, jmx);
            } catch (IOException e) {
                throw new TransportException("cannot start group " + name + ": " + e.getMessage(), e);
            }
        }
    }
}
