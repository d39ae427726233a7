package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.core.engine.Deadlines;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks where the endpoints are, off the I/O threads, and tells the pool.
 *
 * <p>Threading: Thread-safe.
 */
final class Directory {
    /*
     *   IDLE --- refresh() ---> ASKING, on a thread of its own ---> IDLE
     *
     * Asked when nothing is known, and again when something has failed, but not more often than once a second. If
     * asking fails, what was known stays. A source that hangs holds its one thread, and nobody else.
     */
    static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger log = LoggerFactory.getLogger(Directory.class);

    private final Deadlines clock;
    private final EndpointSource source;
    private final ConnectionPool pool;

    // Guarded by this.
    private boolean asking;
    private boolean asked;
    private long askedNanos;

    Directory(Deadlines clock, EndpointSource source, ConnectionPool pool) {
        this.clock = clock;
        this.source = source;
        this.pool = pool;
    }

    /** Asks, unless it has just been asked. Takes no time, but where the source is fixed; never calls the pool's lock. */
    void refresh() {
        synchronized (this) {
            boolean again = !source.isFixed() && clock.nanoTime() - askedNanos >= PAUSE_NANOS;
            if (asking || (asked && !again)) {
                return;
            }
            asking = true;
            asked = true;
            askedNanos = clock.nanoTime();
        }
        Thread thread = new Thread(null, this::ask, "millrace-endpoints", 0, false);
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError noThread) {
            log.debug("endpoints are not asked for; cause={}", noThread.toString());
            synchronized (this) {
                asking = false;
            }
        }
    }

    /** Returns whether an answer is to come. */
    synchronized boolean isAsking() {
        return asking;
    }

    private void ask() {
        try {
            List<Endpoint> endpoints = source.endpoints();
            if (endpoints == null || endpoints.isEmpty()) {
                throw new IOException("it knows of none");
            }
            pool.endpoints(List.copyOf(endpoints));
            done();
        } catch (Throwable thrown) {
            log.debug("endpoints are not known; source={} cause={}", source, thrown.toString());
            done();
            pool.endpointsUnknown(PoolFailures.endpointsUnknown(thrown));
        }
    }

    private synchronized void done() {
        asking = false;
    }
}
