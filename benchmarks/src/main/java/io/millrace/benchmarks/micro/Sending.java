package io.millrace.benchmarks.micro;

import io.millrace.core.SessionConfig;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.Sender;
import io.millrace.core.internal.send.SentMarker;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** Queueing small messages until they are written; per message. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Sending {
    private static final int TURN_MESSAGES = 32;
    private static final int MESSAGES = 1 << 15;

    /** Prefixed messages that go to a channel which takes everything at once. */
    private final InstantChannel channel = new InstantChannel(ByteBuffer.allocate(0), bytes -> {});

    private final ByteBuffer message = Payloads.message(Payloads.SMALL_BYTES);
    private GroupThread thread;
    private SendLoop loop;

    /** Makes the queue. */
    @Setup
    public void open() throws IOException {
        thread = new GroupThread();
        loop = new SendLoop(
                channel,
                Protocol.lengthPrefixed().newEncoder(Side.SERVER),
                thread.runtime(),
                SessionConfig.defaults(),
                new Silent());
    }

    /** Stops the group. */
    @TearDown
    public void close() {
        thread.close();
    }

    /** By callbacks: 32 messages are written together at the end of each turn. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void inTurn() {
        thread.runInTurn(this::sendInTurn);
    }

    private void sendInTurn() {
        Turn turn = Objects.requireNonNull(Turn.current(), "runs in a turn");
        for (int i = 0; i < MESSAGES / TURN_MESSAGES; i++) {
            for (int k = 0; k < TURN_MESSAGES; k++) {
                loop.send(message);
            }
            turn.flush();
        }
    }

    /** By another thread: each message is a write of its own. */
    @Benchmark
    public Object otherThread() {
        return loop.send(message);
    }

    /** By two other threads, to one session. */
    @Benchmark
    @Threads(2)
    public Object twoThreads() {
        return loop.send(message);
    }

    /** By another thread while a write is in flight: the messages ride along with the next one. */
    @Benchmark
    @OperationsPerInvocation(TURN_MESSAGES)
    public void behindWrite() {
        channel.holdWrites();
        for (int i = 0; i < TURN_MESSAGES; i++) {
            loop.send(message);
        }
        channel.releaseWrites();
    }

    /** A session that does nothing about what it hears. */
    private static final class Silent implements Sender {
        @Override
        public boolean beginsRequests() {
            return true;
        }

        @Override
        public void writeFailed(Throwable cause) {
            throw new IllegalStateException(cause);
        }

        @Override
        public void sourceFailed(Throwable cause) {
            throw new IllegalStateException(cause);
        }

        @Override
        public void sendQueueCongested() {}

        @Override
        public void sendQueueRelieved() {}

        @Override
        public void outputFinished() {}

        @Override
        public void writesStopped() {}

        @Override
        public void writeStalled() {}

        @Override
        public void sent(SentMarker marker) {}
    }
}
