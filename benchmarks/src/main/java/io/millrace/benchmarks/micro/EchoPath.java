package io.millrace.benchmarks.micro;

import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.bare.Nio2EchoConnection;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.nio.ByteBuffer;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An echo of short prefixed messages from the completion of the read to that of the write, without the network; per
 * message. What Millrace costs above the bare loop is the price of all that it does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class EchoPath {
    private static final int MESSAGES = 1 << 15;

    /** How many messages each read brings. */
    @Param({"1", "32", "128"})
    public int inFlight;

    private InstantChannel millraceChannel;
    private InstantChannel bareChannel;
    private GroupThread thread;

    /** Opens a session and its rival. */
    @Setup
    public void open() throws IOException {
        Protocol protocol = Protocol.lengthPrefixed();
        ByteBuffer burst = Payloads.frames(protocol, inFlight, Payloads.SMALL_BYTES);
        thread = new GroupThread();
        millraceChannel = new InstantChannel(burst, bytes -> {});
        bareChannel = new InstantChannel(burst, bytes -> {});
        thread.open(millraceChannel, protocol, (session, message) -> session.send(message));
        new Nio2EchoConnection(bareChannel, Frames.BUFFER_BYTES).start();
    }

    /** Stops the group. */
    @TearDown
    public void close() {
        thread.close();
    }

    /** A session with all defaults. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void millrace() {
        thread.run(() -> millraceChannel.deliver(MESSAGES / inFlight));
    }

    /** The least that a framed echo can be. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void bare() {
        thread.run(() -> bareChannel.deliver(MESSAGES / inFlight));
    }
}
