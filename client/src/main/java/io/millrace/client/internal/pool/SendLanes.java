package io.millrace.client.internal.pool;

import io.millrace.core.engine.IoRuntime;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Sends messages that are no requests over the pool's connections, and keeps the order of those with the same key.
 *
 * <p>Threading: Thread-safe.
 */
public final class SendLanes {
    /** Keys share this many lanes, so that however many keys there are, they cost nothing. */
    private static final int LANES = 64;

    private final SendLane[] lanes = new SendLane[LANES];

    /**
     * Makes lanes that have no connections.
     *
     * @param runtime the group
     * @param pool where connections come from
     * @param waitNanos how long messages wait for a connection, in nanoseconds
     * @param waitingLimitBytes how much may wait in each lane, in bytes
     */
    public SendLanes(IoRuntime runtime, ConnectionPool pool, long waitNanos, long waitingLimitBytes) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] = new SendLane(runtime, pool, waitNanos, waitingLimitBytes);
        }
    }

    /**
     * Sends a message.
     *
     * @param key messages with equal keys keep their order, those of one thread if it is null
     * @param message borrowed
     * @return completes when it has been written, or fails as {@link io.millrace.core.Session#sendAsync} does
     */
    public CompletableFuture<Void> send(@Nullable Object key, ByteBuffer message) {
        int hash = key != null ? key.hashCode() : Long.hashCode(threadId());
        // The high bits count, too: hashes of small numbers and of addresses differ in some places only.
        return lanes[(hash ^ (hash >>> 6) ^ (hash >>> 16)) & (LANES - 1)].send(message);
    }

    @SuppressWarnings("deprecation") // threadId() came with Java 19
    private static long threadId() {
        return Thread.currentThread().getId();
    }
}
