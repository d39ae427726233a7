package io.millrace.core;

/**
 * What JMX shows of a group, as {@code io.millrace:type=Group,name=...}. The counters of {@link IoGroupStats}.
 *
 * <p>Threading: Thread-safe.
 */
public interface IoGroupMXBean {
    /** {@return the name of the group} */
    String getName();

    /** {@return the I/O threads} */
    int getThreads();

    /** {@return the I/O threads that a callback holds now} */
    int getBlockedThreads();

    /** {@return how often a callback held an I/O thread too long} */
    long getBlockedIncidents();

    /** {@return the I/O threads that have stopped serving; 0 unless something is badly wrong} */
    int getLostThreads();

    /** {@return buffers leased now} */
    int getBuffersLeased();

    /** {@return bytes of the buffers leased now} */
    long getBufferBytesLeased();

    /** {@return bytes of direct memory held} */
    long getBufferBytesHeld();

    /** {@return the most bytes of direct memory that will be held} */
    long getBufferBytesLimit();

    /** {@return how often memory was asked for and there was none} */
    long getBufferMisses();

    /** {@return operation contexts leased now: two per open session} */
    int getContextsLeased();

    /** {@return the most operation contexts ever leased at once} */
    int getContextsPeak();

    /** {@return the sum over all buffer sizes of the most leased at once} */
    int getBuffersPeak();

    /** {@return how often, at the limit, memory was taken from one size of buffer for another} */
    long getBufferBlocksReclaimed();

    /** {@return bytes of the application's own buffers that wait to be written} */
    long getForeignBytes();
}
