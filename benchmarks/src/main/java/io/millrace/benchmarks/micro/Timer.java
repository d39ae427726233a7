package io.millrace.benchmarks.micro;

import io.millrace.core.IoGroup;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.GroupAccess;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The timer of a group; per deadline. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Timer {
    private static final int MANY = 1024;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Deadline[] armed = new Deadline[MANY];
    private final Deadline[] expiring = new Deadline[MANY];
    private final AtomicInteger missing = new AtomicInteger();
    private final Semaphore allExpired = new Semaphore(0);
    private final AtomicLong clock = new AtomicLong();
    private GroupThread thread;
    private Deadlines deadlines;
    private GroupThread byHand;
    private Deadlines movedByHand;
    private Deadline one;
    private long delayNanos;

    /** Starts a group by the system's clock with many deadlines, and one whose clock is moved by hand. */
    @Setup
    public void open() throws IOException {
        thread = new GroupThread();
        deadlines = thread.runtime().deadlines();
        for (int i = 0; i < MANY; i++) {
            armed[i] = new Counted();
            expiring[i] = new Counted();
            deadlines.arm(armed[i], 1000 * SECOND + i * SECOND);
        }
        one = new Counted();
        IoGroup.Builder builder = IoGroup.builder().blockedThreadTimeout(Duration.ZERO);
        GroupAccess.setClock(builder, clock::get);
        byHand = new GroupThread(builder);
        movedByHand = byHand.runtime().deadlines();
    }

    /** Stops the groups. */
    @TearDown
    public void close() {
        thread.close();
        byHand.close();
    }

    /** A deadline that is armed and does not expire. */
    @Benchmark
    public boolean armAndCancel() {
        deadlines.arm(one, SECOND);
        return deadlines.cancel(one);
    }

    /** An armed deadline that is moved to another time. */
    @Benchmark
    public void move() {
        delayNanos = delayNanos == SECOND ? 2 * SECOND : SECOND;
        deadlines.arm(armed[0], 1000 * SECOND + delayNanos);
    }

    /** Deadlines that are armed for different times and all expire. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public void expire() {
        missing.set(MANY);
        for (int i = 0; i < MANY; i++) {
            movedByHand.arm(expiring[i], i * (SECOND / MANY));
        }
        clock.addAndGet(2 * SECOND);
        movedByHand.clockMoved();
        allExpired.acquireUninterruptibly();
    }

    /** One of many that are waited for. */
    private final class Counted extends Deadline {
        @Override
        protected void expired() {
            if (missing.decrementAndGet() == 0) {
                allExpired.release();
            }
        }
    }
}
