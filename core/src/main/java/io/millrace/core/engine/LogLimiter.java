package io.millrace.core.engine;

/**
 * Keeps a line from flooding the log: so many an interval, and a count of those left out.
 *
 * <p>Threading: Thread-safe.
 */
public final class LogLimiter {
    private final int linesPerInterval;
    private final long intervalNanos;

    // Guarded by this.
    private long intervalStartNanos;
    private int linesInInterval;
    private long suppressed;
    private boolean started;

    /**
     * Makes a limiter.
     *
     * @param linesPerInterval how many lines to let through in each interval; at least 1
     * @param intervalNanos the length of an interval, in nanoseconds
     */
    public LogLimiter(int linesPerInterval, long intervalNanos) {
        this.linesPerInterval = linesPerInterval;
        this.intervalNanos = intervalNanos;
    }

    /**
     * Asks whether to log a line now.
     *
     * @return true if so; false counts it as suppressed
     */
    public synchronized boolean allows() {
        long now = System.nanoTime();
        if (!started || now - intervalStartNanos >= intervalNanos) {
            started = true;
            intervalStartNanos = now;
            linesInInterval = 0;
        }
        if (linesInInterval < linesPerInterval) {
            linesInInterval++;
            return true;
        }
        suppressed++;
        return false;
    }

    /**
     * Returns how many lines were left out so far.
     *
     * @return the number of suppressed lines
     */
    public synchronized long suppressed() {
        return suppressed;
    }
}
