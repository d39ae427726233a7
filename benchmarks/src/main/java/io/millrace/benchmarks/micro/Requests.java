package io.millrace.benchmarks.micro;

import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import io.millrace.core.internal.request.FutureReply;
import io.millrace.core.internal.request.PendingRequest;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.request.RequestTables;
import io.millrace.core.internal.request.Requester;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A request put into the table of a session, and the reply to the oldest one there; per request. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Requests {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How replies find their requests. */
    public enum PairedBy {
        /** By the order in which they come. */
        ORDER,
        /** By their tokens. */
        TOKEN
    }

    /** Which one is measured. */
    @Param
    public PairedBy pairedBy = PairedBy.ORDER;

    /** How many requests wait for replies. */
    @Param({"1", "1000"})
    public int inFlight;

    private final ByteBuffer reply = Payloads.message(Payloads.SMALL_BYTES);
    private final Taken taken = new Taken();
    private GroupThread thread;
    private RequestTable table;
    private long[] tokens;

    // Which of the tokens is the oldest.
    private int oldest;

    /** Fills the table. */
    @Setup
    public void open() throws IOException {
        thread = new GroupThread();
        Protocol protocol = pairedBy == PairedBy.ORDER ? Protocol.lengthPrefixed() : Protocol.millrace();
        table = Objects.requireNonNull(
                RequestTables.of(protocol, thread.runtime().deadlines(), new Silent()), "both have requests");
        tokens = new long[inFlight];
        for (int i = 0; i < inFlight - 1; i++) {
            tokens[i] = put(taken);
        }
        oldest = inFlight - 1;
    }

    /** Stops the group. */
    @TearDown
    public void close() {
        thread.close();
    }

    private long put(ReplyHandler handler) {
        PendingRequest request = Objects.requireNonNull(table.prepare(handler, TIMEOUT_NANOS), "room in the table");
        long token = request.token();
        request.accepted(0, 0);
        return token;
    }

    private void exchange(ReplyHandler handler) {
        tokens[oldest] = put(handler);
        oldest = oldest + 1 == inFlight ? 0 : oldest + 1;
        table.reply(tokens[oldest], reply.rewind());
    }

    /** The form with a callback, which allocates nothing. */
    @Benchmark
    public long callback() {
        exchange(taken);
        return taken.bytes;
    }

    /** The form with a future and a copy of the reply. */
    @Benchmark
    public Object future() {
        FutureReply future = new FutureReply();
        exchange(future);
        return future;
    }

    /** Counts the replies' bytes. */
    private static final class Taken implements ReplyHandler {
        private long bytes;

        @Override
        public void onReply(ByteBuffer reply) {
            bytes += reply.remaining();
        }

        @Override
        public void onFailure(TransportException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** A session that does nothing about what it hears. */
    private static final class Silent implements Requester {
        @Override
        public boolean beginsRequests() {
            return true;
        }

        @Override
        public void requestsDue() {}

        @Override
        public void requestsOverdue(int inARow) {}

        @Override
        public void requestForgotten() {}

        @Override
        public void handlerThrew(String callback, Throwable thrown) {
            throw new IllegalStateException(thrown);
        }
    }
}
