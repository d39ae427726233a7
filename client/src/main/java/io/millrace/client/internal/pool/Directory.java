package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.core.engine.Deadlines;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
    private @Nullable Thread asker;
    private boolean closed;
    private boolean asked;
    private long askedNanos;

    Directory(Deadlines clock, EndpointSource source, ConnectionPool pool) {
        this.clock = clock;
        this.source = source;
        this.pool = pool;
    }

    /** Tells the pool for the first time. */
    void start() {
        if (!source.isFixed()) {
            refresh();
            return;
        }
        try {
            pool.endpoints(source.endpoints());
        } catch (IOException unknown) {
            pool.endpointsUnknown(PoolFailures.unwrap(unknown));
        }
    }

    /** Asks, unless it is being asked or has just been; returns whether it will. Takes no time, and no lock of the pool. */
    boolean refresh() {
        synchronized (this) {
            if (closed || asking || nextAskNanos() > 0) {
                return false;
            }
            asking = true;
            asked = true;
            askedNanos = clock.nanoTime();
        }
        try {
            Thread thread = new Thread(null, this::ask, "millrace-endpoints", 0, false);
            thread.setDaemon(true);
            thread.start();
        } catch (OutOfMemoryError noThread) {
            log.debug("endpoints are not asked for; cause={}", noThread.toString());
            synchronized (this) {
                asking = false;
            }
        }
        return true;
    }

    /** Returns how long nobody is asked, in nanoseconds; MAX_VALUE while an answer is to come, and if none will differ. */
    synchronized long nextAskNanos() {
        if (asking || closed || (asked && source.isFixed())) {
            return Long.MAX_VALUE;
        }
        return asked ? Math.max(0, askedNanos + PAUSE_NANOS - clock.nanoTime()) : 0;
    }

    /** Returns whether an answer is to come. */
    synchronized boolean isAsking() {
        return asking;
    }

    /** Interrupts whoever asks: there is no use for the answer. */
    synchronized void close() {
        closed = true;
        Thread inTheSource = asker;
        if (inTheSource != null) {
            inTheSource.interrupt();
        }
    }

    private void ask() {
        begin(Thread.currentThread());
        try {
            List<Endpoint> endpoints = source.endpoints();
            if (endpoints == null || endpoints.isEmpty()) {
                throw new IOException("it knows of none");
            }
            pool.endpoints(List.copyOf(endpoints));
            done();
            pool.plan();
        } catch (Throwable thrown) {
            log.debug("endpoints are not known; source={} cause={}", source, thrown.toString());
            done();
            pool.endpointsUnknown(PoolFailures.endpointsUnknown(thrown));
        }
    }

    private synchronized void begin(Thread thread) {
        asker = thread;
        if (closed) {
            thread.interrupt();
        }
    }

    private synchronized void done() {
        asking = false;
        asker = null;
    }
}
