package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.SerialRunner;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.FirstBytes;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.observe.WireLog;
import io.millrace.server.admission.RefusalReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the header of one connection that is not a session yet. */
final class ProxyHeaderReader extends SerialRunner {
    /*
     *              buffer leased            header complete, no read in flight
     *     NEW ----------------> READING ---------------------------------------> OVER: the session's
     *      |                    |    |
     *      | no memory          |    | malformed, or the stream ended: no read in flight
     *      |                    |    +------------------------------------------> OVER: refused
     *      |                    |
     *      |                    | too late: the channel is closed
     *      |                    v
     *      |                 CLOSING -- the read has failed or completed ------> OVER: refused
     *      +-------------------------------------------------------------------> OVER: refused
     *
     * All events are signals, so everything here but the completion's two fields is confined to the steps. READING and
     * CLOSING have one read in flight between steps, and the channel's close completes it: neither lasts for ever. The
     * buffer is given back only when no read is in flight.
     *
     * The one buffer of the smallest size is enough: the decoder leaves less than half of it untaken.
     */
    private static final Logger log = LoggerFactory.getLogger(ProxyHeaderReader.class);
    private static final ReadHandler READ_HANDLER = new ReadHandler();
    private static final int END_OF_STREAM = -1;

    private static final int STARTED = 1;
    private static final int READ_DONE = 2;
    private static final int TOO_LATE = 4;

    private final Connection connection;
    private final AsynchronousSocketChannel channel;
    private final ProxyStage stage;
    private final ProxyStage.Outcome outcome;
    private final ProxyHeaderDecoder decoder = new ProxyHeaderDecoder();
    private final Deadline deadline = new Deadline() {
        @Override
        protected void expired() {
            signal(TOO_LATE);
        }
    };

    // Confined to the steps.
    private @Nullable PooledBuffer buffer;
    private boolean reading;
    private boolean over;
    private int received;
    private @Nullable RefusalReason refusal;
    private String cause = "";

    // Written by the completion before it signals, read by the step that follows.
    private int result;
    private @Nullable Throwable failure;

    ProxyHeaderReader(IoRuntime runtime, Connection connection, ProxyStage stage, ProxyStage.Outcome outcome) {
        super(runtime);
        this.connection = connection;
        this.channel = connection.channel();
        this.stage = stage;
        this.outcome = outcome;
    }

    /** Begins to read. Called once. */
    void start() {
        signal(STARTED);
    }

    @Override
    protected void step(int bits) {
        if (over) {
            return;
        }
        if ((bits & STARTED) != 0) {
            begin();
        }
        // What has arrived in time counts, though it is looked at late.
        if ((bits & READ_DONE) != 0) {
            reading = false;
            takeIn();
        }
        if ((bits & TOO_LATE) != 0) {
            long millis = TimeUnit.NANOSECONDS.toMillis(stage.headerTimeoutNanos());
            giveUp(RefusalReason.BAD_PROXY_HEADER, "no whole header came within " + millis + " ms, " + soFar());
        }
    }

    private void begin() {
        PooledBuffer leased = runtime().buffers().tryAcquire(BufferPool.SMALLEST_BYTES);
        if (leased == null) {
            giveUp(RefusalReason.NO_MEMORY, "no buffer left: raise bufferMemory of the group");
            return;
        }
        buffer = leased;
        runtime().deadlines().arm(deadline, stage.headerTimeoutNanos());
        read(leased);
    }

    private void read(PooledBuffer into) {
        reading = true;
        try {
            channel.read(into.buffer(), this, READ_HANDLER);
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            completed(END_OF_STREAM, notStarted);
        }
    }

    private void completed(int bytes, @Nullable Throwable why) {
        result = bytes;
        failure = why;
        signal(READ_DONE);
    }

    private void takeIn() {
        PooledBuffer held = buffer;
        if (refusal != null || held == null) {
            finish();
        } else if (failure != null) {
            giveUp(RefusalReason.BAD_PROXY_HEADER, "the connection broke, " + soFar() + ": " + failure.getMessage());
        } else if (result == END_OF_STREAM) {
            giveUp(RefusalReason.BAD_PROXY_HEADER, "the connection ended before its header did, " + soFar());
        } else {
            received += result;
            WireLog.read(this, held.buffer(), result);
            decode(held);
        }
    }

    private void decode(PooledBuffer held) {
        ByteBuffer bytes = held.buffer().flip();
        try {
            if (decoder.decode(bytes)) {
                complete(bytes);
            } else {
                bytes.compact();
                read(held);
            }
        } catch (MalformedFrameException malformed) {
            giveUp(RefusalReason.BAD_PROXY_HEADER, malformed.getMessage() + "; " + FirstBytes.describe(bytes));
        }
    }

    private String soFar() {
        return "after " + received + " bytes";
    }

    private void complete(ByteBuffer rest) {
        over = true;
        runtime().deadlines().cancel(deadline);
        try {
            stage.complete(outcome, new Connection(channel, connection.remoteAddress(), rest), decoder);
        } finally {
            releaseBuffer();
        }
    }

    private void giveUp(RefusalReason why, String text) {
        if (over || refusal != null) {
            return;
        }
        refusal = why;
        cause = text;
        runtime().deadlines().cancel(deadline);
        if (reading) {
            closeChannel();
        } else {
            finish();
        }
    }

    private void finish() {
        over = true;
        releaseBuffer();
        RefusalReason why = refusal == null ? RefusalReason.BAD_PROXY_HEADER : refusal;
        outcome.refused(channel, why, cause);
    }

    private void releaseBuffer() {
        PooledBuffer held = buffer;
        buffer = null;
        if (held != null) {
            held.release();
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("close failed; remote={} cause={}", connection.remoteAddress(), e.toString());
        }
    }

    @Override
    protected void stepFailed(Throwable thrown) {
        log.error("proxy header could not be read; remote={}", connection.remoteAddress(), thrown);
        giveUp(RefusalReason.BAD_PROXY_HEADER, thrown.toString());
    }

    @Override
    public String toString() {
        return "proxy header remote=" + connection.remoteAddress();
    }

    private static final class ReadHandler implements CompletionHandler<Integer, ProxyHeaderReader> {
        @Override
        public void completed(Integer bytes, ProxyHeaderReader reader) {
            finish(reader, bytes, null);
        }

        @Override
        public void failed(Throwable cause, ProxyHeaderReader reader) {
            finish(reader, END_OF_STREAM, cause);
        }

        private static void finish(ProxyHeaderReader reader, int bytes, @Nullable Throwable cause) {
            try {
                reader.completed(bytes, cause);
            } catch (Throwable broken) {
                log.error("read completion could not be handled", broken);
            }
        }
    }
}
