package io.millrace.client.internal.pool;

import io.millrace.client.request.ConnectionUse;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import org.jspecify.annotations.Nullable;

/**
 * Somebody's wish for a connection. Exactly one of its two methods is called, once, outside of locks; none if it was
 * withdrawn before.
 */
public abstract class Claim extends Deadline {
    private final boolean exclusive;
    private final int bytes;

    // Written under the lock of the pool that it waits in. The deadline, armed after that, publishes them to expired().
    private @Nullable ConnectionPool pool;
    private boolean waited;
    private long place;
    private long timeoutNanos;
    private long failuresBefore;

    /**
     * Makes a claim.
     *
     * @param exclusive whether nobody else may use the connection until it is given back. Otherwise the connection is
     *     for one request, and given back by itself where requests cannot share it
     * @param bytes how much memory the claim holds while it waits
     */
    protected Claim(boolean exclusive, int bytes) {
        this.exclusive = exclusive;
        this.bytes = bytes;
    }

    /**
     * Takes the connection. An exclusive claim hears it on an I/O thread; any other on the thread that happens to have
     * the news, which must not meet application code here.
     *
     * @param session the connection, to begin a request on or to keep
     * @param use whether it was there already
     */
    protected abstract void acquired(PooledSession session, ConnectionUse use);

    /**
     * Hears, on an I/O thread or where the claim is made, that there is no connection.
     *
     * @param failure why; certainly nothing was sent
     */
    protected abstract void failed(TransportException failure);

    /** Passes on, from the timer thread, that the wait is over. */
    @Override
    protected final void expired() {
        ConnectionPool waitsIn = pool;
        if (waitsIn != null) {
            waitsIn.expired(this);
        }
    }

    final boolean isExclusive() {
        return exclusive;
    }

    final int bytes() {
        return bytes;
    }

    final boolean hasWaited() {
        return waited;
    }

    /** Returns whether it has waited for longer than another. Guarded by the pool. */
    final boolean isBefore(Claim other) {
        return place - other.place < 0;
    }

    /** Takes its place among those that wait. Guarded by the pool. */
    final void takePlace(long newPlace) {
        place = newPlace;
    }

    final long timeoutNanos() {
        return timeoutNanos;
    }

    /** Returns how many failures there had been when it began to wait: those are none of its own. */
    final long failuresBefore() {
        return failuresBefore;
    }

    /** Hears that it waits, for so long. */
    final void waitIn(ConnectionPool newPool, long newTimeoutNanos, long failuresSoFar) {
        pool = newPool;
        waited = true;
        timeoutNanos = newTimeoutNanos;
        failuresBefore = failuresSoFar;
    }
}
