package io.millrace.benchmarks.micro;

import io.millrace.core.internal.Broadcast;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One message to many sessions, until it is written to all of them; per session. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Broadcasts {
    private static final int FEW = 32;
    private static final int MANY = 1024;

    /** How long the message is: a short one is copied into each queue, a longer one is shared. */
    @Param({"64", "1024"})
    public int bytes;

    private final TcpSession[] members = new TcpSession[MANY];
    private final AtomicLong written = new AtomicLong();
    private ByteBuffer message;
    private GroupThread thread;

    /** Opens the sessions. */
    @Setup
    public void open() throws IOException {
        message = Payloads.message(bytes);
        thread = new GroupThread();
        // One for all, as those of a server have: only the same encoder's frames are shared.
        Protocol protocol = Protocol.lengthPrefixed();
        for (int i = 0; i < MANY; i++) {
            InstantChannel channel = new InstantChannel(ByteBuffer.allocate(0), written::addAndGet);
            members[i] = thread.open(channel, protocol, (session, ignored) -> {});
        }
    }

    /** Stops the group. */
    @TearDown
    public void close() {
        thread.close();
    }

    /** To so few that the caller writes to them. */
    @Benchmark
    @OperationsPerInvocation(FEW)
    public void few() {
        broadcast(FEW);
    }

    /** To so many that the I/O threads write. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public void many() {
        broadcast(MANY);
    }

    private void broadcast(int count) {
        long expected = written.get() + (long) count * (Integer.BYTES + bytes);
        try (Broadcast broadcast = new Broadcast(members[0], message)) {
            for (int i = 0; i < count; i++) {
                broadcast.send(members[i]);
            }
        }
        while (written.get() != expected) {
            Thread.onSpinWait();
        }
    }
}
