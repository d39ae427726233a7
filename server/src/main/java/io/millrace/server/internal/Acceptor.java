package io.millrace.server.internal;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.observe.FlightEvents;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on one channel, one at a time, as long as its owner lets it. The only caller of accept. */
public final class Acceptor {
    /*
     *               start(), and it may        accepted: the owner takes it, and says when to go on
     *     PARKED ----------------> ACCEPTING ----------------------------------------------+
     *       ^  it may not            |   ^                                                 |
     *       +------------------------+   +-------------------------------------------------+
     *                                |
     *                       failed   v   back-off over, or descriptors freed
     *                           BACKING_OFF ------------> ACCEPTING or PARKED
     *
     * Whether it may accept is the owner's to say, which remembers an acceptor that may not and starts it later. start()
     * does nothing where nothing is to do, so whoever knows of a reason calls it, and the accept is re-armed once: an
     * accepted connection goes to the owner first, which takes what it needs of its limits and calls start(), and
     * start() is called again behind it in case the owner has failed.
     *
     * A failed accept (no descriptors left, mostly) is tried again for ever, after a pause that grows from 50 to
     * 1600 ms: at once would spin, never would be deaf. It is logged at WARN once, then once a minute. When a
     * connection of ours ends, a descriptor is free for certain, so the pause ends.
     *
     * CLOSED, from any state, is final. An accept never completes inside accept(): channels deliver it as a task, so
     * that start() calling accept and its completion calling start() cannot grow the stack.
     *
     * start() decides under the lock and accepts outside it; `accepting` makes sure that this happens once at a time.
     * The owner is asked outside the lock, too.
     */

    /** Who decides when to accept, and takes what is accepted. */
    public interface Owner {
        /**
         * Returns whether the next accept may be started.
         *
         * @param acceptor who asks
         * @return false if its {@link Acceptor#start()} will be called when it may
         */
        boolean mayAccept(Acceptor acceptor);

        /**
         * Takes a connection, and calls {@link Acceptor#start()} as soon as the next one may come.
         *
         * @param connection the owner's from now on, unless this throws
         * @param acceptor who has accepted it
         */
        void accepted(AsynchronousSocketChannel connection, Acceptor acceptor);
    }

    private static final Logger log = LoggerFactory.getLogger(Acceptor.class);
    private static final long FIRST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LAST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(1600);

    private final AsynchronousServerSocketChannel channel;
    private final Deadlines deadlines;
    private final Owner owner;
    private final LogLimiter warnings = new LogLimiter(1, TimeUnit.MINUTES.toNanos(1));
    private final AcceptHandler acceptHandler = new AcceptHandler();
    private final Deadline backoff = new Deadline() {
        @Override
        protected void expired() {
            backoffOver();
        }
    };

    // Guarded by this.
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
     * @param owner whom to ask and to tell
     */
    public Acceptor(AsynchronousServerSocketChannel channel, Deadlines deadlines, Owner owner) {
        this.channel = channel;
        this.deadlines = deadlines;
        this.owner = owner;
    }

    /** Accepts the next connection, if it may and nothing is in the way. */
    public void start() {
        if (!isIdle() || !owner.mayAccept(this)) {
            return;
        }
        synchronized (this) {
            if (!isIdle()) {
                return;
            }
            accepting = true;
        }
        try {
            channel.accept(null, acceptHandler);
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            acceptFailed(notStarted);
        }
    }

    private synchronized boolean isIdle() {
        return !closed && !accepting && !backingOff;
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
        try {
            owner.accepted(connection, this);
        } catch (Throwable broken) {
            closeQuietly(connection);
            log.error("accepted connection could not be handed over", broken);
        } finally {
            start();
        }
    }

    private void acceptFailed(Throwable cause) {
        long pauseNanos;
        synchronized (this) {
            accepting = false;
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

    /** Hears that a descriptor has become free: there is no need to wait any longer for one. */
    public void descriptorFreed() {
        synchronized (this) {
            if (!backingOff) {
                return;
            }
        }
        deadlines.cancel(backoff);
        backoffOver();
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
     * @return false while it may not, while backing off, and after the end
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
                log.error("accept could not be started again", broken);
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
