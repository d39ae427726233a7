package io.millrace.core;

/**
 * The counters of a group. Immutable.
 *
 * @param threads I/O threads
 * @param buffersLeased buffers leased now: one per open session, more while bytes are queued
 * @param bufferBytesLeased bytes of the buffers leased now
 * @param bufferBytesHeld bytes of direct memory held, leased or ready to be
 * @param bufferBytesLimit the most direct memory that will be held
 * @param bufferMisses how often memory was asked for and there was none
 * @param contextsLeased operation contexts leased now: two per open session
 * @param contextsPeak the most operation contexts ever leased at once
 * @param buffersPeak the most buffers leased at once, counted for each size and added up: never less than the most of
 *     all sizes together
 * @param bufferBlocksReclaimed how often, at the limit, memory was taken from one size of buffer for another
 * @param foreignBytes bytes of the application's own buffers that wait to be written
 * @param blockedThreads I/O threads that a callback holds now, as the watchdog saw them last
 * @param blockedIncidents how often the watchdog found a callback holding an I/O thread too long
 * @param lostThreads I/O threads that have stopped serving, as the watchdog saw them last: 0 unless badly wrong
 */
public record IoGroupStats(
        int threads,
        int buffersLeased,
        long bufferBytesLeased,
        long bufferBytesHeld,
        long bufferBytesLimit,
        long bufferMisses,
        int contextsLeased,
        int contextsPeak,
        int buffersPeak,
        long bufferBlocksReclaimed,
        long foreignBytes,
        int blockedThreads,
        long blockedIncidents,
        int lostThreads) {}
