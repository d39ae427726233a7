package io.millrace.core.internal;

import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.IoContext;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Queues messages and writes them to a channel, in order, with one write in flight. */
final class SendLoop implements Turn.Flushable {
    /*
     *                 flush, queue not empty                 written, queue empty
     *     IDLE -----------------------------> WRITING ------------------------------> IDLE
     *                                          |   ^ written, more queued: write again
     *                                          +---+
     *     any --- failed write, or stop() ---> STOPPED: nothing is accepted or written any more
     *
     * A write that the channel completes at once calls our handler inside write(). The handler then only notes the
     * result (`starting` is set) and the loop that called write() goes on with it: constant stack, no second writer.
     * The same holds when another thread delivers the completion before write() has returned. Threads that are not
     * the group's never take that role, so a sender is never held back to write for others.
     *
     * The end of the stream is an item behind the last byte: finish() refuses further messages, and the output is
     * shut down when the queue has run empty.
     *
     * One lock guards the queue and the state. It is held for copying and bookkeeping, never across a channel
     * operation or a call to the session, so nothing waits for it long and nothing can deadlock.
     */

    /** What the loop needs of its session. */
    interface Sender {
        /** Hears that writing has failed, on whatever thread. */
        void writeFailed(Throwable cause);

        /** Hears that the queue has fallen to the low mark after it was above the high one. */
        void sendQueueRelieved();

        /** Hears that the end of the stream has been sent. */
        void outputFinished();

        /** Hears that the write in flight when {@link #stop()} was called has completed. */
        void writesStopped();

        /** Hears, on the timer thread, that the peer has read nothing for too long. */
        void writeStalled();
    }

    /** What control frames may queue beyond the limit, in bytes. */
    private static final int CONTROL_RESERVE_BYTES = 16 << 10;

    private static final Logger log = LoggerFactory.getLogger(SendLoop.class);
    private static final WriteHandler<Integer> WRITE_HANDLER = new WriteHandler<>();
    private static final WriteHandler<Long> GATHER_HANDLER = new WriteHandler<>();

    private final AsynchronousSocketChannel channel;
    private final FrameEncoder encoder;
    private final IoRuntime runtime;
    private final SessionConfig config;
    private final Sender sender;
    private final IoContext context;
    private final StallWatch stallWatch = new StallWatch();

    // Guarded by this.
    private final SendQueue queue;
    private boolean writing;
    private boolean starting;
    private boolean completedWhileStarting;
    private long result;
    private @Nullable Throwable failure;
    private boolean finishing;
    private boolean outputFinished;
    private boolean stopped;
    private @Nullable Turn touchedBy;
    private long acceptedBytes;
    private long acceptedMessages;
    private long writtenBytes;

    // Written under this; read by anyone.
    private volatile boolean congested;

    /** Reserves what writing needs for as long as the session lives, or fails at once. */
    SendLoop(
            AsynchronousSocketChannel channel,
            FrameEncoder encoder,
            IoRuntime runtime,
            SessionConfig config,
            Sender sender)
            throws TransportException {
        IoContext leased = runtime.contexts().tryAcquire(this);
        if (leased == null) {
            throw new TransportException("no operation context left: raise maxSessions of the group");
        }
        this.channel = channel;
        this.encoder = encoder;
        this.runtime = runtime;
        this.config = config;
        this.sender = sender;
        this.context = leased;
        this.queue = new SendQueue(runtime.buffers());
    }

    /** Queues a message; if it is accepted it leaves when this turn ends, or at once when there is no turn. */
    SendResult send(ByteBuffer payload) {
        return send(FrameKind.MESSAGE, 0, payload, null);
    }

    /** Queues a request, as {@link #send} does a message; what waits for its reply enters its table meanwhile. */
    SendResult request(FrameKind kind, ByteBuffer payload, PendingRequest request) {
        return send(kind, request.token(), payload, request);
    }

    private SendResult send(FrameKind kind, long token, ByteBuffer payload, @Nullable PendingRequest request) {
        encoder.check(payload);
        Turn turn = Turn.current();
        SendResult answer;
        boolean firstInTurn;
        synchronized (this) {
            answer = append(kind, token, payload, request);
            firstInTurn = answer.isAccepted() && touchBy(turn);
        }
        if (answer.isAccepted()) {
            flushAfter(turn, firstInTurn);
        }
        return answer;
    }

    /** Queues a frame that has been checked; {@link #flushQueued()} must follow. */
    synchronized SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        return append(kind, token, payload, null);
    }

    /** Refuses what the frame cannot carry. */
    void check(ByteBuffer payload) {
        encoder.check(payload);
    }

    /** Sees to it that what was queued leaves: when this turn ends, or at once when there is no turn. */
    void flushQueued() {
        Turn turn = Turn.current();
        boolean firstInTurn;
        synchronized (this) {
            firstInTurn = touchBy(turn);
        }
        flushAfter(turn, firstInTurn);
    }

    /** Guarded by this. Returns whether this turn does not know yet that there is something to flush. */
    private boolean touchBy(@Nullable Turn turn) {
        boolean first = touchedBy != turn;
        touchedBy = turn;
        return first;
    }

    private void flushAfter(@Nullable Turn turn, boolean firstInTurn) {
        if (turn == null) {
            flush();
        } else if (firstInTurn) {
            turn.touch(this);
        }
    }

    /** Guarded by this. */
    private SendResult append(FrameKind kind, long token, ByteBuffer payload, @Nullable PendingRequest request) {
        if (finishing || stopped) {
            return SendResult.CLOSED;
        }
        long queued = queue.queuedBytes();
        boolean full = queued >= config.sendHighMark() && queued + payload.remaining() > limitFor(kind);
        if (full || !queue.tryAppend(encoder, kind, token, payload)) {
            // Whoever was refused may be waiting for the queue's relief, which comes only to those who are congested.
            congested = congested || queued > 0;
            return SendResult.REFUSED;
        }
        if (request != null) {
            request.accepted(acceptedBytes);
        }
        acceptedBytes += queue.queuedBytes() - queued;
        acceptedMessages++;
        if (queue.queuedBytes() > config.sendHighMark()) {
            congested = true;
            return SendResult.CONGESTED;
        }
        return SendResult.ACCEPTED;
    }

    /** Frames that keep the connection itself in order have a reserve that messages cannot use up. */
    private long limitFor(FrameKind kind) {
        return switch (kind) {
            case MESSAGE, REQUEST, REPLY -> config.sendLimit();
            case ERROR, PING, PONG, GOAWAY, SKIPPED -> (long) config.sendLimit() + CONTROL_RESERVE_BYTES;
        };
    }

    @Override
    public void flush() {
        boolean mayComplete = runtime.isIoThread();
        boolean watch;
        synchronized (this) {
            touchedBy = null;
            if (writing || stopped || queue.isEmpty()) {
                return;
            }
            writing = true;
            starting = mayComplete;
            watch = stallWatch.start();
        }
        if (watch) {
            runtime.deadlines().arm(stallWatch, config.writeProgressTimeout().toNanos());
        }
        write(mayComplete);
    }

    /** Writes until nothing is queued or a write does not complete at once. Called by the one who set writing. */
    private void write(boolean mayComplete) {
        boolean more = true;
        while (more) {
            startWrite();
            if (!mayComplete) {
                return;
            }
            synchronized (this) {
                starting = false;
                if (!completedWhileStarting) {
                    return;
                }
                completedWhileStarting = false;
            }
            more = finishWrite(true);
        }
    }

    private void startWrite() {
        ByteBuffer only;
        int count = 1;
        synchronized (this) {
            only = queue.takeOnly();
            if (only == null) {
                count = queue.take(context.gather());
            }
        }
        context.begin();
        try {
            if (only != null) {
                channel.write(only, context, WRITE_HANDLER);
            } else {
                channel.write(context.gather(), 0, count, 0, TimeUnit.NANOSECONDS, context, GATHER_HANDLER);
            }
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            completed(0, notStarted);
        }
    }

    private void completed(long bytes, @Nullable Throwable cause) {
        context.complete();
        synchronized (this) {
            result = bytes;
            failure = cause;
            if (starting) {
                completedWhileStarting = true;
                return;
            }
        }
        boolean mayComplete = runtime.isIoThread();
        if (finishWrite(mayComplete)) {
            write(mayComplete);
        }
    }

    /** Takes in what the write has done; returns whether to write again, which nobody else will then. */
    private boolean finishWrite(boolean mayComplete) {
        Throwable cause;
        boolean again;
        boolean relieved;
        boolean wasStopped;
        synchronized (this) {
            cause = failure;
            writtenBytes += result;
            queue.written(result);
            wasStopped = stopped;
            stopped |= cause != null;
            again = !stopped && !queue.isEmpty();
            writing = again;
            starting = again && mayComplete;
            relieved = congested && queue.queuedBytes() <= config.sendLowMark();
            congested = congested && !relieved;
        }
        if (wasStopped) {
            sender.writesStopped();
        } else if (cause != null) {
            sender.writeFailed(cause);
        } else if (relieved) {
            sender.sendQueueRelieved();
        }
        if (!again) {
            finishIfDrained();
        }
        return again;
    }

    /** Refuses further messages; the end of the stream follows the last one. */
    void finish() {
        synchronized (this) {
            finishing = true;
        }
        finishIfDrained();
    }

    private void finishIfDrained() {
        synchronized (this) {
            if (!finishing || writing || !queue.isEmpty() || outputFinished || stopped) {
                return;
            }
            outputFinished = true;
        }
        try {
            channel.shutdownOutput();
        } catch (IOException | RuntimeException e) {
            log.trace("output was closed already: {}", e.toString());
        }
        sender.outputFinished();
    }

    /**
     * Stops for good, once the channel has been closed.
     *
     * @return true if no write is in flight; otherwise {@link Sender#writesStopped} follows
     */
    synchronized boolean stop() {
        stopped = true;
        return !writing;
    }

    /** Gives everything back. Stopped, and no write may be in flight. */
    synchronized void release() {
        runtime.deadlines().cancel(stallWatch);
        queue.clear();
        runtime.contexts().release(context);
    }

    boolean isCongested() {
        return congested;
    }

    synchronized boolean isOutputFinished() {
        return outputFinished;
    }

    /** Says why something was refused just now, and what to do. */
    TransportException refusal(Object peer) {
        long queued = queuedBytes();
        return new TransportException(
                queued >= config.sendHighMark()
                        ? "not sent: " + queued + " bytes are queued for " + peer
                                + " already: wait for replies, or raise sendLimit, now " + config.sendLimit()
                        : "not sent: no buffer memory left in the group: raise its bufferMemory, now "
                                + runtime.buffers().stats().limitBytes() + " bytes");
    }

    synchronized long queuedBytes() {
        return queue.queuedBytes();
    }

    synchronized long writtenBytes() {
        return writtenBytes;
    }

    synchronized long acceptedMessages() {
        return acceptedMessages;
    }

    /** Looks once per interval whether the writes in flight get anywhere; costs nothing in between. */
    private final class StallWatch extends Deadline {
        // Guarded by the send loop.
        private boolean watching;
        private long writtenBefore;

        /** Guarded by the send loop. Returns whether this has to be armed. */
        boolean start() {
            if (watching || config.writeProgressTimeout().isZero()) {
                return false;
            }
            watching = true;
            writtenBefore = writtenBytes;
            return true;
        }

        @Override
        protected void expired() {
            boolean progressed;
            synchronized (SendLoop.this) {
                watching = false;
                if (!writing || stopped) {
                    return;
                }
                progressed = writtenBytes != writtenBefore;
                if (progressed) {
                    start();
                }
            }
            if (progressed) {
                runtime.deadlines().arm(this, config.writeProgressTimeout().toNanos());
            } else {
                sender.writeStalled();
            }
        }
    }

    private static final class WriteHandler<N extends Number> implements CompletionHandler<N, IoContext> {
        @Override
        public void completed(N bytes, IoContext context) {
            finish(context, bytes.longValue(), null);
        }

        @Override
        public void failed(Throwable cause, IoContext context) {
            finish(context, 0, cause);
        }

        private static void finish(IoContext context, long bytes, @Nullable Throwable cause) {
            try {
                context.owner(SendLoop.class).completed(bytes, cause);
            } catch (Throwable broken) {
                log.error("write completion could not be handled", broken);
            }
        }
    }
}
