package io.millrace.testing;

import io.millrace.core.engine.Deadlines;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still until a test moves it, for the deadlines of one group.
 *
 * <p>Threading: Thread-safe; moved by one thread at a time.
 */
public final class ManualClock implements LongSupplier {
    // any origin will do, as for System.nanoTime; one that overflows soon finds wrong comparisons
    private final AtomicLong nowNanos = new AtomicLong(Long.MAX_VALUE - 1_000_000);
    private volatile @Nullable Deadlines driven;

    /** Makes a clock that drives nothing yet. */
    public ManualClock() {}

    /**
     * Says what goes by this clock.
     *
     * @param deadlines the timer of a group that was started with this clock
     */
    public void drives(Deadlines deadlines) {
        driven = deadlines;
    }

    @Override
    public long getAsLong() {
        return nowNanos.get();
    }

    /**
     * Moves the clock, and waits until every deadline has expired that is due by then. What sessions do about it may
     * still be to come.
     *
     * @param time how far
     */
    public void advance(Duration time) {
        nowNanos.addAndGet(time.toNanos());
        Deadlines timer = driven;
        if (timer == null) {
            throw new IllegalStateException("the clock drives nothing: pass it to Loopback.builder().clock()");
        }
        timer.clockMoved();
        Awaitility.await()
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(Recording.TIMEOUT_SECONDS))
                .until(timer::isCaughtUp);
    }
}
