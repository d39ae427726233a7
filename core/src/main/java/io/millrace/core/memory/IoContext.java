package io.millrace.core.memory;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The pooled state of one operation slot: the attachment of a channel operation, reused for every operation of its
 * session's direction. It carries state, not memory.
 *
 * <p>Threading: Not thread-safe; confined to the loop that leased it.
 *
 * <p>Lifecycle: leased from {@link IoContextPool} when a session opens and released after the last callback of its
 * direction. Each lease starts a new generation; an operation may be begun only while none is in flight, and its
 * completion is accepted once.
 *
 * <p>Errors: breaking these rules throws {@link IllegalStateException}, before any state of a newer owner is touched.
 */
public final class IoContext {
    /** The longest gather list: what Windows takes in one call, and Linux takes far more. */
    public static final int GATHER_LIMIT = 16;

    private static final int IN_FLIGHT = 1;
    private static final int ONE_LEASE = 2;

    // All confined to whoever holds the lease; handed over by the pool's lock, and from an operation's start to its
    // completion by the channel.
    /** Twice the number of the lease, plus one in flight: a word for both, as each connection has two of these objects. */
    private int state;

    private @Nullable Object owner;
    private ByteBuffer @Nullable [] gather;

    IoContext() {}

    void lease(Object newOwner) {
        state += ONE_LEASE;
        owner = newOwner;
    }

    void requireReleasable() {
        if (isInFlight()) {
            throw new IllegalStateException("context released with an operation in flight, owner " + owner);
        }
    }

    void unlease() {
        requireReleasable();
        if (owner == null) {
            throw new IllegalStateException("context released twice, generation " + generation());
        }
        owner = null;
        clearGather();
    }

    /** Lets go of the buffers in the list for gathering writes, which must not be in flight. */
    public void clearGather() {
        ByteBuffer[] references = gather;
        if (references != null) {
            Arrays.fill(references, null);
        }
    }

    /**
     * Returns who leased this context.
     *
     * @param type what the owner is
     * @param <T> what the owner is
     * @return the owner
     * @throws IllegalStateException if nobody has leased it: a callback came after the release
     */
    public <T> T owner(Class<T> type) {
        Object current = owner;
        if (current == null) {
            throw new IllegalStateException("callback for a released context, generation " + generation());
        }
        return type.cast(current);
    }

    /**
     * Returns which lease this is.
     *
     * @return a number that grows by one with every lease
     */
    public int generation() {
        return state / ONE_LEASE;
    }

    /** Notes that an operation has been handed to the channel. */
    public void begin() {
        if (isInFlight()) {
            throw new IllegalStateException("a second operation was begun on one context, owner " + owner);
        }
        state += IN_FLIGHT;
    }

    /** Notes that the operation in flight has completed, well or badly. */
    public void complete() {
        if (!isInFlight()) {
            throw new IllegalStateException("an operation completed twice, owner " + owner);
        }
        state -= IN_FLIGHT;
    }

    /**
     * Returns whether an operation is in flight.
     *
     * @return true between {@link #begin()} and {@link #complete()}
     */
    public boolean isInFlight() {
        return (state & IN_FLIGHT) != 0;
    }

    /**
     * Returns the list for gathering writes.
     *
     * @return {@link #GATHER_LIMIT} places, kept between operations
     */
    public ByteBuffer[] gather() {
        ByteBuffer[] list = gather;
        if (list == null) {
            list = new ByteBuffer[GATHER_LIMIT];
            gather = list;
        }
        return list;
    }
}
