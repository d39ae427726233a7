package io.millrace.core.memory;

/**
 * What was acquired in one place and never released. Immutable.
 *
 * @param kind what it is: "buffer" or "context"
 * @param count how many of them
 * @param bytes how many bytes they have together; 0 for contexts
 * @param site the calls that acquired them, innermost first
 */
public record BufferLeak(String kind, int count, long bytes, String site) {
    /** Hears of leaks when a group that tracks its buffers has closed. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Hears of one place that leaks. Called once for each place, on the thread that closes the group; what it
         * throws is logged.
         *
         * @param groupName the name of the group
         * @param leak what leaked, and where from
         */
        void leaked(String groupName, BufferLeak leak);
    }
}
