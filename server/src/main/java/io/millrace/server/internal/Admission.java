package io.millrace.server.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import java.io.IOException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns accepted channels into sessions, and gives back their permits when they have ended.
 *
 * <p>Threading: Thread-safe.
 */
public final class Admission implements TcpSession.Owner {
    private static final Logger log = LoggerFactory.getLogger(Admission.class);

    private final IoRuntime runtime;
    private final SessionSetup setup;
    private final long drainNanos;
    private final SessionSet sessions = new SessionSet();
    private final Acceptor acceptor;
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong turnedAway = new AtomicLong();
    private final LogLimiter warnings = new LogLimiter(1, TimeUnit.MINUTES.toNanos(1));

    /**
     * Prepares to accept on a bound channel.
     *
     * @param runtime the group
     * @param setup what all sessions have in common
     * @param channel the listening channel; closed with this
     * @param maxConnections the most sessions at once
     * @param drainNanos how long sessions get for their end, in nanoseconds
     */
    public Admission(
            IoRuntime runtime,
            SessionSetup setup,
            AsynchronousServerSocketChannel channel,
            int maxConnections,
            long drainNanos) {
        this.runtime = runtime;
        this.setup = setup;
        this.drainNanos = drainNanos;
        this.acceptor = new Acceptor(channel, runtime.deadlines(), maxConnections, this::admit);
    }

    /** Starts accepting. */
    public void start() {
        acceptor.start();
    }

    /** Stops accepting. Sessions go on. */
    public void stop() {
        acceptor.close();
    }

    /**
     * Ends all sessions: in good order for a while, then by force. Not for the group's own threads.
     *
     * @param reason why
     * @return how many had to be cut off
     */
    public int drain(CloseReason reason) {
        return sessions.drain(reason, drainNanos);
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

    private void logTurnedAway(Throwable cause) {
        // Our own exceptions mean that memory or contexts are short; the JDK's, that the peer has gone already.
        if (cause instanceof TransportException && warnings.allows()) {
            log.warn("connections are turned away; turnedAway={} cause={}", turnedAway, cause.getMessage());
        } else {
            log.debug("connection turned away; cause={}", cause.toString());
        }
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
        return acceptor.failures();
    }

    /**
     * Returns how many accepts wait for a client.
     *
     * @return 0 or 1
     */
    public int acceptsInFlight() {
        return acceptor.isAccepting() ? 1 : 0;
    }
}
