package io.millrace.core.engine;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A group's timer whose clock stands still until a test moves it. */
public final class ManualDeadlines implements AutoCloseable {
    private final AtomicLong nowNanos;
    private volatile Runnable onClockRead = () -> {};
    private final Deadlines deadlines;

    public ManualDeadlines() {
        this(0);
    }

    /** The origin of the clock is arbitrary, as that of {@link System#nanoTime()} is. */
    public ManualDeadlines(long originNanos) {
        nowNanos = new AtomicLong(originNanos);
        deadlines = new Deadlines("manual-timer", true, this::read);
        deadlines.start();
    }

    private long read() {
        onClockRead.run();
        return nowNanos.get();
    }

    public Deadlines deadlines() {
        return deadlines;
    }

    /** Runs something each time the clock is read: the one place where the timer calls out. */
    public void onClockRead(Runnable hook) {
        onClockRead = hook;
    }

    public void advance(long nanos) {
        nowNanos.addAndGet(nanos);
        LockSupport.unpark(deadlines.thread());
    }

    @Override
    public void close() throws InterruptedException {
        deadlines.stop();
        deadlines.thread().join(10_000);
    }
}
