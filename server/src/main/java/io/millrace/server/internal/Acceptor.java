package io.millrace.server.internal;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.observe.FlightEvents;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections, as many at a time as there are permits. The only caller of accept. */
public final class Acceptor {
    /*
     *               permit free                accepted: next accept first, then hand over
     *     PARKED ----------------> ACCEPTING ----------------------------------------------+
     *       ^  no permit free        |   ^                                                 |
     *       +------------------------+   +-------------------------------------------------+
     *                                |
     *                       failed   v   back-off over
     *                           BACKING_OFF ------------> ACCEPTING or PARKED
     *
     * The accept in flight holds a permit, so at most `limit` connections exist, and a client beyond that waits in
     * the kernel's backlog, not in a thread of ours. Whoever releases a permit starts the next accept.
     *
     * A failed accept (no descriptors left, mostly) is tried again for ever, after a pause that grows from 50 to
     * 1600 ms: at once would spin, never would be deaf. It is logged at WARN once, then once a minute.
     *
     * CLOSED, from any state, is final. An accept never completes inside accept(): channels deliver it as a task, so
     * that start() calling accept and its completion calling start() cannot grow the stack.
     *
     * start() decides under the lock and accepts outside it; `accepting` makes sure that this happens once at a time.
     */
    private static final Logger log = LoggerFactory.getLogger(Acceptor.class);
    private static final long FIRST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LAST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(1600);

    private final AsynchronousServerSocketChannel channel;
    private final Deadlines deadlines;
    private final Consumer<AsynchronousSocketChannel> accepted;
    private final LogLimiter warnings = new LogLimiter(1, TimeUnit.MINUTES.toNanos(1));
    private final AcceptHandler acceptHandler = new AcceptHandler();
    private final Deadline backoff = new Deadline() {
        @Override
        protected void expired() {
            backoffOver();
        }
    };

    // Guarded by this.
    private int permits;
    private boolean accepting;
    private boolean backingOff;
    private boolean closed;
    private long backoffNanos = FIRST_BACKOFF_NANOS;
    private long failures;

    /**
     * Makes an acceptor that does not accept yet.
     *
     * @param channel a bound channel; the acceptor's from now on
     * @param deadlines the timer for back-off
     * @param limit the most connections at once
     * @param accepted takes each connected channel, with a permit to be released when it has ended; must not throw
     */
    public Acceptor(
            AsynchronousServerSocketChannel channel,
            Deadlines deadlines,
            int limit,
            Consumer<AsynchronousSocketChannel> accepted) {
        this.channel = channel;
        this.deadlines = deadlines;
        this.permits = limit;
        this.accepted = accepted;
    }

    /** Accepts the next connection, if there is a permit and nothing in the way. */
    public void start() {
        synchronized (this) {
            if (closed || accepting || backingOff || permits == 0) {
                return;
            }
            accepting = true;
            permits--;
        }
        try {
            channel.accept(null, acceptHandler);
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            acceptFailed(notStarted);
        }
    }

    /** Gives back the permit of a connection that has ended, or was turned away. */
    public void release() {
        synchronized (this) {
            permits++;
        }
        start();
    }

    private void acceptSucceeded(AsynchronousSocketChannel connection) {
        boolean tooLate;
        synchronized (this) {
            accepting = false;
            backoffNanos = FIRST_BACKOFF_NANOS;
            tooLate = closed;
        }
        if (tooLate) {
            closeQuietly(connection);
            return;
        }
        start();
        accepted.accept(connection);
    }

    private void acceptFailed(Throwable cause) {
        long pauseNanos;
        synchronized (this) {
            accepting = false;
            permits++;
            if (closed) {
                return;
            }
            failures++;
            backingOff = true;
            pauseNanos = backoffNanos;
            backoffNanos = Math.min(2 * backoffNanos, LAST_BACKOFF_NANOS);
        }
        // First of all, so that whatever goes wrong in telling of it, the next accept comes.
        deadlines.arm(backoff, pauseNanos);
        FlightEvents.acceptFailed(cause, failures(), pauseNanos);
        if (warnings.allows()) {
            log.warn(
                    "accept failed, trying again in {} ms; failures={} cause={}",
                    TimeUnit.NANOSECONDS.toMillis(pauseNanos),
                    failures(),
                    cause.toString());
        }
    }

    private void backoffOver() {
        synchronized (this) {
            backingOff = false;
        }
        start();
    }

    /** Closes the listening channel. Connections already accepted are not touched. */
    public void close() {
        synchronized (this) {
            closed = true;
        }
        deadlines.cancel(backoff);
        closeQuietly(channel);
    }

    /**
     * Returns how often an accept has failed.
     *
     * @return failures since the start
     */
    public synchronized long failures() {
        return failures;
    }

    /**
     * Returns whether an accept is in flight.
     *
     * @return false without a permit, while backing off, and after the end
     */
    public synchronized boolean isAccepting() {
        return accepting && !closed;
    }

    /**
     * Returns whether the last accept has failed, and the next one is waited for.
     *
     * @return true while backing off
     */
    public synchronized boolean isBackingOff() {
        return backingOff && !closed;
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception e) {
            log.debug("close failed; channel={} cause={}", channel, e.toString());
        }
    }

    private final class AcceptHandler implements CompletionHandler<AsynchronousSocketChannel, Void> {
        @Override
        public void completed(AsynchronousSocketChannel connection, Void attachment) {
            try {
                acceptSucceeded(connection);
            } catch (Throwable broken) {
                closeQuietly(connection);
                log.error("accepted connection could not be handed over", broken);
            }
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            try {
                acceptFailed(cause);
            } catch (Throwable broken) {
                log.error("failed accept could not be handled", broken);
            }
        }
    }
}
