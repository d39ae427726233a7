package io.millrace.core.engine;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContextPool;
import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the sessions of one group share: the channel group and its fixed pool of threads, the timer, the pools.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: started by {@link #start}, ended for good by {@link #shutdown}. Every channel opened here must be
 * closed before that; whoever opened it sees to it.
 *
 * <p>Errors: opening a channel after the end throws {@link ShutdownChannelGroupException}.
 */
public final class IoRuntime {
    private static final Logger log = LoggerFactory.getLogger(IoRuntime.class);

    private final String name;
    private final int threadCount;
    private final boolean daemon;
    private final @Nullable ClassLoader contextClassLoader =
            Thread.currentThread().getContextClassLoader();
    private final AsynchronousChannelGroup channelGroup;
    private final GroupChannels channels;
    private final GroupWake wake;
    private final Deadlines deadlines;
    private final BufferPool buffers;
    private final IoContextPool contexts;
    private final LogLimiter throwsLogged = new LogLimiter(10, TimeUnit.MINUTES.toNanos(1));
    private final AtomicInteger threadsMade = new AtomicInteger();
    private final ThreadPoolExecutor blocking;
    private final Set<IoThread> threads = ConcurrentHashMap.newKeySet();
    // Added to under this, so that nothing joins once the group is closing; removed from by anyone.
    private final Set<AutoCloseable> members = ConcurrentHashMap.newKeySet();
    // Guarded by this.
    private boolean closing;
    // Written once, before the group is handed out.
    private @Nullable Watchdog watchdog;
    private boolean logContext;

    /**
     * How the threads of a group are made.
     *
     * @param name the prefix of their names
     * @param count the number of I/O threads, at least 1
     * @param daemon whether they let the JVM end
     */
    public record Threads(String name, int count, boolean daemon) {}

    private IoRuntime(Threads plan, LongSupplier nanoClock, BufferPool buffers, IoContextPool contexts)
            throws IOException {
        this.name = plan.name();
        this.threadCount = plan.count();
        this.daemon = plan.daemon();
        this.buffers = buffers;
        this.contexts = contexts;
        this.deadlines = new Deadlines(name.concat("-timer"), daemon, nanoClock);
        this.blocking = BlockingPool.start(name);
        AsynchronousChannelProvider provider = AsynchronousChannelProvider.provider();
        this.channelGroup = provider.openAsynchronousChannelGroup(threadCount, this::newThread);
        this.channels = new GroupChannels(provider, channelGroup);
        try {
            this.wake = new GroupWake(channels.open(), task -> newThread(task).start());
        } catch (IOException | RuntimeException e) {
            channelGroup.shutdownNow();
            throw e;
        }
    }

    /**
     * Starts a runtime.
     *
     * @param plan how to make its threads
     * @param nanoClock what its deadlines go by: nanoseconds since an arbitrary origin
     * @param buffers where its sessions lease memory
     * @param contexts where its sessions lease operation state
     * @return the running runtime
     * @throws IOException if the system refuses the descriptors of an event loop
     */
    public static IoRuntime start(Threads plan, LongSupplier nanoClock, BufferPool buffers, IoContextPool contexts)
            throws IOException {
        IoRuntime runtime = new IoRuntime(plan, nanoClock, buffers, contexts);
        runtime.deadlines.start();
        return runtime;
    }

    /**
     * Says how the group is observed. Called once, before anything joins.
     *
     * @param blockedNanos how long a callback may hold an I/O thread before that is logged, in nanoseconds; 0 if for
     *     ever
     * @param newLogContext whether sessions show themselves in the logging context of their callbacks
     */
    public void observe(long blockedNanos, boolean newLogContext) {
        logContext = newLogContext;
        watchdog = new Watchdog(name, threadCount, threads, deadlines, blockedNanos);
        watchdog.start();
    }

    /**
     * Returns whether sessions show themselves in the logging context of their callbacks.
     *
     * @return true if they do
     */
    public boolean isLogContextOn() {
        return logContext;
    }

    /**
     * Returns how often an I/O thread was found held by a callback.
     *
     * @return incidents since the start
     */
    public long blockedIncidents() {
        return watchdog == null ? 0 : watchdog.incidents();
    }

    /**
     * Returns how many I/O threads are held by callbacks.
     *
     * @return threads, as the watchdog saw them last
     */
    public int blockedThreads() {
        return watchdog == null ? 0 : watchdog.blockedNow();
    }

    /**
     * Returns how many I/O threads have stopped serving the group.
     *
     * @return threads, as the watchdog saw them last; 0 unless something is badly wrong
     */
    public int lostThreads() {
        return watchdog == null ? 0 : watchdog.lost();
    }

    private IoThread newThread(Runnable loop) {
        // The JDK replaces a pool thread that a handler has killed, so this may be called at any time.
        Runnable tracked = () -> {
            IoThread self = (IoThread) Thread.currentThread();
            threads.add(self);
            try {
                loop.run();
            } finally {
                threads.remove(self);
            }
        };
        // Not with +: every first sum of its kind costs a start milliseconds (here, in IoGroup and in ServerLifecycle).
        String threadName = String.join("-", name, "io", Integer.toString(threadsMade.incrementAndGet()));
        IoThread thread = new IoThread(this, tracked, threadName, daemon, contextClassLoader);
        thread.setUncaughtExceptionHandler(
                (dead, cause) -> log.error("I/O thread died; thread={} group={}", dead.getName(), name, cause));
        return thread;
    }

    /**
     * Opens a channel to connect with.
     *
     * @return an unconnected channel of the group
     * @throws IOException if the system refuses a descriptor
     */
    public AsynchronousSocketChannel openChannel() throws IOException {
        return channels.open();
    }

    /**
     * Opens a channel to accept on.
     *
     * @return an unbound channel of the group
     * @throws IOException if the system refuses a descriptor
     */
    public AsynchronousServerSocketChannel openServerChannel() throws IOException {
        return channels.openServer();
    }

    /** Gets the runner run on an I/O thread: this one, if it is one. */
    void dispatch(SerialRunner runner) {
        if (Thread.currentThread() instanceof IoThread thread && thread.runtime() == this) {
            thread.turn().run(runner);
        } else {
            wake.run(runner);
        }
    }

    /**
     * Runs a task on an I/O thread: this one, if it is one.
     *
     * @param task what to run; a throw is logged
     */
    public void execute(Runnable task) {
        new OneTask(this, task).signal(1);
    }

    /**
     * Runs something that may block, such as reading a file, on a thread that does no I/O of the group's.
     *
     * @param task what to run; must not throw
     * @throws java.util.concurrent.RejectedExecutionException if the group has ended
     */
    public void executeBlocking(Runnable task) {
        blocking.execute(task);
    }

    /**
     * Runs something that may block a second from now: what a start need not wait for. Dropped if the group ends before.
     *
     * @param task what to run; must not throw
     */
    public void executeLater(Runnable task) {
        BlockingPool.executeLater(blocking, deadlines, task);
    }

    /**
     * Returns whether the calling thread is one that must never wait: an I/O or timer thread of any group.
     *
     * @return true on those threads
     */
    public static boolean mustNotBlock() {
        return Thread.currentThread() instanceof NonBlockingThread;
    }

    /**
     * Returns whether the calling thread is an I/O thread of this group.
     *
     * @return true on those threads
     */
    public boolean isIoThread() {
        return Thread.currentThread() instanceof IoThread thread && thread.runtime() == this;
    }

    /**
     * Ends the group: its threads finish what they are doing and stop. Waits, so not for the group's own threads.
     *
     * @param timeoutNanos how long to wait for the threads, in nanoseconds
     * @return the names of the threads that are still running after that; empty if all went well
     */
    public List<String> shutdown(long timeoutNanos) {
        long endNanos = System.nanoTime() + timeoutNanos;
        channels.shutdown();
        deadlines.stop();
        blocking.shutdown();
        try {
            if (!channelGroup.awaitTermination(timeoutNanos, TimeUnit.NANOSECONDS)) {
                channelGroup.shutdownNow();
            }
            for (Thread thread : threads) {
                joinUntil(thread, endNanos);
            }
            joinUntil(deadlines.thread(), endNanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            log.warn("group did not shut down cleanly; group={}", name, e);
        }
        return threads.stream().filter(Thread::isAlive).map(Thread::getName).toList();
    }

    private static void joinUntil(Thread thread, long endNanos) throws InterruptedException {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime())));
    }

    /**
     * Counts something in that must be closed before the group may end.
     *
     * @param member a server, a client
     * @throws ShutdownChannelGroupException if the group is closing or closed
     */
    public synchronized void join(AutoCloseable member) {
        if (closing) {
            throw new ShutdownChannelGroupException();
        }
        members.add(member);
    }

    /**
     * Counts a member out that has closed.
     *
     * @param member what had joined
     */
    public void leave(AutoCloseable member) {
        members.remove(member);
    }

    /**
     * Lets nothing join any more.
     *
     * @return what has joined and not left, to be closed
     */
    public synchronized List<AutoCloseable> closeMembership() {
        closing = true;
        return List.copyOf(members);
    }

    /**
     * Runs something that waits: here, or on a thread of its own if this thread must not wait.
     *
     * @param task what to run
     */
    public void runWhereWaitingIsAllowed(Runnable task) {
        if (mustNotBlock()) {
            new Thread(null, task, name + "-closer", 0, false).start();
        } else {
            task.run();
        }
    }

    /**
     * Returns the prefix of the threads' names.
     *
     * @return the group's name
     */
    public String name() {
        return name;
    }

    /**
     * Returns the number of I/O threads.
     *
     * @return the size of the fixed pool
     */
    public int threadCount() {
        return threadCount;
    }

    /**
     * Returns the group's timer.
     *
     * @return the timer
     */
    public Deadlines deadlines() {
        return deadlines;
    }

    /**
     * Returns what keeps throwing callbacks from flooding the log.
     *
     * @return a limiter of ten lines a minute
     */
    public LogLimiter throwsLogged() {
        return throwsLogged;
    }

    /**
     * Returns the group's memory.
     *
     * @return the buffer pool
     */
    public BufferPool buffers() {
        return buffers;
    }

    /**
     * Returns the group's operation state.
     *
     * @return the context pool
     */
    public IoContextPool contexts() {
        return contexts;
    }

    /** A task that runs once on an I/O thread. */
    private static final class OneTask extends SerialRunner {
        private final Runnable task;

        OneTask(IoRuntime runtime, Runnable task) {
            super(runtime);
            this.task = task;
        }

        @Override
        protected void step(int bits) {
            task.run();
        }

        @Override
        protected void stepFailed(Throwable failure) {
            log.error("task failed", failure);
        }
    }
}
