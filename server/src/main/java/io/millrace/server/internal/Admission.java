package io.millrace.server.internal;

import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import java.io.IOException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns accepted channels into sessions, and gives back their permits when they have ended.
 *
 * <p>Threading: Thread-safe.
 */
public final class Admission {
    private static final Logger log = LoggerFactory.getLogger(Admission.class);

    private final IoRuntime runtime;
    private final SessionSetup setup;
    private final SessionSet sessions = new SessionSet();
    private final List<Door> doors;
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong turnedAway = new AtomicLong();
    private final LogLimiter warnings = new LogLimiter(1, TimeUnit.MINUTES.toNanos(1));

    /**
     * Prepares to accept on bound channels.
     *
     * @param runtime the group
     * @param setup what all sessions have in common
     * @param channels the listening channels; closed with this
     * @param maxConnections the most sessions at once, of each channel
     */
    public Admission(
            IoRuntime runtime, SessionSetup setup, List<AsynchronousServerSocketChannel> channels, int maxConnections) {
        this.runtime = runtime;
        this.setup = setup;
        this.doors = channels.stream()
                .map(channel -> new Door(channel, maxConnections))
                .toList();
    }

    /** Starts accepting. */
    public void start() {
        doors.forEach(door -> door.acceptor.start());
    }

    /** Stops accepting. Sessions go on. */
    public void stop() {
        doors.forEach(door -> door.acceptor.close());
    }

    private void logTurnedAway(Throwable cause) {
        // Our own exceptions mean that memory or contexts are short; the JDK's, that the peer has gone already.
        if (cause instanceof TransportException && warnings.allows()) {
            log.warn("connections are turned away; turnedAway={} cause={}", turnedAway, cause.getMessage());
        } else {
            log.debug("connection turned away; cause={}", cause.toString());
        }
    }

    /**
     * Returns the sessions that have been admitted and have not ended.
     *
     * @return the live set
     */
    public SessionSet sessions() {
        return sessions;
    }

    /**
     * Returns how many connections have been accepted.
     *
     * @return connections since the start
     */
    public long accepted() {
        return accepted.get();
    }

    /**
     * Returns how many connections have been accepted and closed at once.
     *
     * @return connections since the start
     */
    public long turnedAway() {
        return turnedAway.get();
    }

    /**
     * Returns how often accepting failed.
     *
     * @return failures since the start
     */
    public long acceptFailures() {
        return doors.stream().mapToLong(door -> door.acceptor.failures()).sum();
    }

    /**
     * Returns how many accepts wait for a client.
     *
     * @return from 0 to the number of listening channels
     */
    public int acceptsInFlight() {
        return (int) doors.stream().filter(door -> door.acceptor.isAccepting()).count();
    }

    /**
     * Returns whether accepting fails on any channel, and is about to be tried again.
     *
     * @return true while backing off
     */
    public boolean isBackingOff() {
        return doors.stream().anyMatch(door -> door.acceptor.isBackingOff());
    }

    /** A listening channel and the sessions that came in by it, whose permits are its acceptor's. */
    private final class Door implements TcpSession.Owner {
        private final Acceptor acceptor;

        Door(AsynchronousServerSocketChannel channel, int limit) {
            this.acceptor = new Acceptor(channel, runtime.deadlines(), limit, this::admit);
        }

        private void admit(AsynchronousSocketChannel channel) {
            accepted.incrementAndGet();
            if (!sessions.enter()) {
                turnAway(channel);
                return;
            }
            TcpSession session;
            try {
                session = new TcpSession(runtime, channel, setup, this);
            } catch (Throwable notOpened) {
                sessions.leave();
                turnAway(channel);
                logTurnedAway(notOpened);
                return;
            }
            sessions.add(session);
            session.start();
        }

        private void turnAway(AsynchronousSocketChannel channel) {
            turnedAway.incrementAndGet();
            try {
                channel.close();
            } catch (IOException e) {
                log.debug("close failed; cause={}", e.toString());
            }
            acceptor.release();
        }

        @Override
        public void sessionOpened(TcpSession session) {
            // The application has been told; a server keeps no books on it.
        }

        @Override
        public void sessionEnded(TcpSession session) {
            sessions.remove(session);
            acceptor.release();
        }
    }
}
