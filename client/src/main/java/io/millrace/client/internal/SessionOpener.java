package io.millrace.client.internal;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.CloseReason;
import io.millrace.core.NotSentException;
import io.millrace.core.SessionStats;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import java.io.IOException;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes the sessions of a client: connects, opens, counts, and ends them all.
 *
 * <p>Threading: Thread-safe.
 */
public final class SessionOpener {
    private final IoRuntime runtime;
    private final SessionSetup setup;
    private final Connector connector;
    private final SessionSet sessions = new SessionSet();
    private final AtomicLong sessionsOpened = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();

    /** Hears what becomes of a session. */
    public interface Events {
        /** The session takes no new requests any more: it drains, closes, or the peer has said that it drains. */
        default void draining() {}

        /** The session has ended and given everything back. */
        default void ended() {}

        /**
         * Requests have not been answered in time.
         *
         * @param inARow how many since the last answer
         */
        default void requestsOverdue(int inARow) {}
    }

    /**
     * Makes an opener.
     *
     * @param runtime the group
     * @param setup what all sessions have in common
     * @param options how names are looked up, and where connections come from
     */
    public SessionOpener(IoRuntime runtime, SessionSetup setup, ConnectOptions options) {
        this.runtime = runtime;
        this.setup = setup;
        this.connector = new Connector(runtime, setup.config().socket(), options);
    }

    /**
     * Opens a session.
     *
     * @param endpoint where to connect to
     * @param timeoutNanos how long looking up and connecting may take together, in nanoseconds
     * @param events who hears what becomes of it
     * @return completes on an I/O thread, after onOpen, or fails with a {@link TransportException}; cancelling it gives
     *     the connection up, whatever has become of it
     */
    public CompletableFuture<TcpSession> open(Endpoint endpoint, long timeoutNanos, Events events) {
        CompletableFuture<TcpSession> opened = new CompletableFuture<>();
        if (!sessions.enter()) {
            opened.completeExceptionally(new NotSentException("the client is closed"));
            return opened;
        }
        CompletableFuture<AsynchronousSocketChannel> connecting = connector.connect(endpoint, timeoutNanos);
        opened.whenComplete((session, failure) -> {
            if (opened.isCancelled()) {
                connecting.cancel(false);
            }
        });
        connecting.whenComplete((channel, failure) -> {
            if (channel == null) {
                sessions.leave();
                if (!connecting.isCancelled()) {
                    failures.incrementAndGet();
                }
                opened.completeExceptionally(failure);
            } else {
                openOn(endpoint, channel, new Owner(opened, events));
            }
        });
        return opened;
    }

    private void openOn(Endpoint endpoint, AsynchronousSocketChannel channel, Owner owner) {
        TcpSession session;
        try {
            session = new TcpSession(runtime, channel, setup, owner);
        } catch (Throwable notOpened) {
            try {
                channel.close();
            } catch (IOException e) {
                notOpened.addSuppressed(e);
            }
            sessions.leave();
            failures.incrementAndGet();
            owner.opened.completeExceptionally(
                    new NotSentException("cannot open a session to " + endpoint + ": " + notOpened, notOpened));
            return;
        }
        sessions.add(session);
        session.start();
    }

    /**
     * Fails what is being connected and ends all sessions: in good order until the deadline, by force after it. Not
     * for the group's own threads.
     *
     * @param reason why
     * @param drainNanos how long good order may take, in nanoseconds
     * @return how many sessions had to be cut off
     */
    public int close(CloseReason reason, long drainNanos) {
        sessions.drain(reason);
        connector.close();
        return sessions.drain(reason, drainNanos);
    }

    /**
     * Returns whether the caller is a callback of one of the sessions.
     *
     * @return true on the thread that runs it
     */
    public boolean isInCallback() {
        for (TcpSession session : sessions.sessions()) {
            if (session.isInCallback()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns how many sessions there are.
     *
     * @return sessions, those being opened or closed included
     */
    public int count() {
        return sessions.count();
    }

    /**
     * Returns the most sessions at once.
     *
     * @return the peak
     */
    public int peak() {
        return sessions.peak();
    }

    /**
     * Returns how many sessions have opened.
     *
     * @return sessions since the start
     */
    public long opened() {
        return sessionsOpened.get();
    }

    /**
     * Returns how often connecting failed.
     *
     * @return failures since the start
     */
    public long failures() {
        return failures.get();
    }

    /**
     * Returns the counters of all sessions since the start, added up.
     *
     * @return the sums
     */
    public SessionStats totals() {
        return sessions.totals();
    }

    private final class Owner implements SessionOwner {
        private final CompletableFuture<TcpSession> opened;
        private final Events events;

        Owner(CompletableFuture<TcpSession> opened, Events events) {
            this.opened = opened;
            this.events = events;
        }

        @Override
        public void sessionOpened(TcpSession session) {
            sessionsOpened.incrementAndGet();
            if (!opened.complete(session)) {
                // Cancelled: nobody would ever close it.
                session.abort();
            }
        }

        @Override
        public void sessionDraining(TcpSession session) {
            events.draining();
        }

        @Override
        public void requestsOverdue(TcpSession session, int inARow) {
            events.requestsOverdue(inARow);
        }

        @Override
        public void sessionEnded(TcpSession session) {
            sessions.remove(session);
            events.ended();
        }
    }
}
