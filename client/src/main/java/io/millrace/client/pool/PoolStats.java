package io.millrace.client.pool;

/**
 * A snapshot of a pool of connections. Each number is right for itself; together they may be of slightly different
 * moments. Immutable.
 *
 * @param open connections that are open now
 * @param idle those of them that nobody uses
 * @param opening connections that are being opened now
 * @param borrowed connections that are out to callers now
 * @param waiting callers that wait for a connection now
 * @param peakWaiting the most callers that waited at once
 * @param reused how often an open connection was there at once
 * @param reusedAfterWaiting how often an open connection became free for a caller that waited
 * @param newlyOpened how often a connection was opened for a caller
 * @param refusedExhausted how many callers were refused because all connections were in use and no more may wait
 * @param refusedTooManyRequests how many were refused because too many requests were in progress
 * @param timedOutWaiting how many waited to their deadline
 * @param evictedForAnother how many idle connections were closed to make room for one to another endpoint
 * @param evictedIdle how many were closed because nobody used them for {@link PoolConfig#idleTimeout()}
 * @param lost how many ended otherwise than by this pool: closed by the peer, reset, timed out
 * @param leaksReported how many borrowed connections were reported as out for longer than {@link PoolConfig#leakAfter()}
 */
public record PoolStats(
        int open,
        int idle,
        int opening,
        int borrowed,
        int waiting,
        int peakWaiting,
        long reused,
        long reusedAfterWaiting,
        long newlyOpened,
        long refusedExhausted,
        long refusedTooManyRequests,
        long timedOutWaiting,
        long evictedForAnother,
        long evictedIdle,
        long lost,
        long leaksReported) {}
