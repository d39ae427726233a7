package io.millrace.benchmarks.micro;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.IoContextPool;
import io.millrace.core.memory.PooledBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** Leasing and giving back; per lease. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Pools {
    private static final int MANY = 64;

    private final BufferPool buffers = new BufferPool(16 << 20);
    private final IoContextPool contexts = new IoContextPool(MANY);
    private final PooledBuffer[] leased = new PooledBuffer[MANY];

    /** How large the buffers are. */
    @Param({"512", "65536"})
    public int bytes;

    private PooledBuffer lease() {
        return Objects.requireNonNull(buffers.tryAcquire(bytes), "the pool is large enough");
    }

    /** One buffer, over and over. */
    @Benchmark
    public void buffer() {
        lease().release();
    }

    /** The same, by two threads. */
    @Benchmark
    @Threads(2)
    public void bufferByTwoThreads() {
        lease().release();
    }

    /** Many buffers at once, given back in the same order. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public void manyBuffers() {
        for (int i = 0; i < MANY; i++) {
            leased[i] = lease();
        }
        for (PooledBuffer buffer : leased) {
            buffer.release();
        }
    }

    /** One operation context, over and over. */
    @Benchmark
    public void context() {
        IoContext context = Objects.requireNonNull(contexts.tryAcquire(this), "the pool is large enough");
        contexts.release(context);
    }
}
