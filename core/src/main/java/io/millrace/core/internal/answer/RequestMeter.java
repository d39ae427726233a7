package io.millrace.core.internal.answer;

import io.millrace.core.RequestStats;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts the requests that all sessions of a server or client take in, and measures how long their answers take.
 *
 * <p>Threading: Thread-safe; counting allocates nothing and takes no lock.
 */
public final class RequestMeter {
    /*
     * Every request that has begun ends once: answered, failed, or dropped with its session. So what is in progress is
     * the difference, and needs no counter that every thread would have to agree on. A reader looks at the ends first:
     * what begins and ends meanwhile then shows as in progress, and never as less than nothing.
     *
     * Asking for the time costs more than counting, so it is done for samples only.
     */
    /** Of this many requests of a session one is measured, beginning with the first. A power of two. */
    public static final int SAMPLING = 16;

    private final LongSupplier clock;

    // Atomic.
    private final LongAdder begun = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder busy = new LongAdder();
    private final LatencyHistogram latency = new LatencyHistogram();

    /** Makes a meter that goes by the system's clock. */
    public RequestMeter() {
        this(System::nanoTime);
    }

    /**
     * Makes a meter.
     *
     * @param clock tells the time in nanoseconds, from any origin
     */
    public RequestMeter(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Counts a request that is taken in.
     *
     * @param sampled whether to measure it: true for one in {@link #SAMPLING}
     * @return what {@link #end} wants to be given: when it began, or 0 if it is not measured
     */
    public long begin(boolean sampled) {
        begun.increment();
        if (!sampled) {
            return 0;
        }
        long now = clock.getAsLong();
        return now == 0 ? 1 : now;
    }

    /**
     * Counts the answer to a request, which has just been queued.
     *
     * @param startNanos what {@link #begin} returned for the request
     * @param isError whether the answer is an error
     */
    public void end(long startNanos, boolean isError) {
        if (startNanos != 0) {
            latency.record(clock.getAsLong() - startNanos);
        }
        (isError ? failed : answered).increment();
    }

    /**
     * Counts requests that have begun and will not be answered, for their session has ended. They must not end again.
     *
     * @param count how many, from 0
     */
    public void drop(int count) {
        dropped.add(count);
    }

    /** Counts a request that is not begun, because too many are in progress. */
    public void busy() {
        busy.increment();
    }

    /**
     * Returns what has been counted.
     *
     * @return a snapshot; while requests come and go its numbers are those of slightly different times
     */
    public RequestStats stats() {
        long replies = answered.sum();
        long errors = failed.sum();
        long lost = dropped.sum();
        long all = begun.sum();
        return new RequestStats(all - replies - errors - lost, replies, errors, busy.sum(), lost, latency.stats());
    }
}
