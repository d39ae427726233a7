package io.millrace.core.internal.send;

import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.observe.WireLog;
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
public final class SendLoop implements Turn.Flushable, StallWatch.Writes {
    /*
     *                 flush, something to write                written, nothing more
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
     * A file that is sent is read ahead of its turn on another thread (`reading`); when its turn comes too early the
     * loop is IDLE with bytes queued, and the end of the read is one more flush. A read under way counts as an
     * operation in flight: the session does not end under it.
     *
     * The end of the stream is an item behind the last byte: finish() refuses further messages, and the output is
     * shut down when the queue has run empty.
     *
     * One lock guards the queue and the state. It is held for copying and bookkeeping, never across a channel
     * operation or a call to the session, so nothing waits for it long and nothing can deadlock.
     */

    /** What the loop needs of its session. */
    public interface Sender {
        /**
         * Hears that writing has failed, on whatever thread.
         *
         * @param cause why
         */
        void writeFailed(Throwable cause);

        /**
         * Hears that a file cannot be read that is being sent, on whatever thread.
         *
         * @param cause why
         */
        void sourceFailed(Throwable cause);

        /** Hears, on whatever thread, that the queue has passed the high mark, or that something was refused. */
        void sendQueueCongested();

        /** Hears that the queue has fallen to the low mark after it was above the high one. */
        void sendQueueRelieved();

        /** Hears that the end of the stream has been sent. */
        void outputFinished();

        /** Hears that the operations in flight when {@link #stop()} was called have completed. */
        void writesStopped();

        /** Hears, on the timer thread, that the peer has read nothing for too long. */
        void writeStalled();

        /**
         * Hears that a message has been written whose sender wants to know.
         *
         * @param marker its end
         */
        void sent(SentMarker marker);
    }

    /** What a request is told when it is queued. */
    public interface Request {
        /**
         * Returns what its reply will carry.
         *
         * @return the token
         */
        long token();

        /**
         * Hears, under this loop's lock, that the request is queued, so that what waits for replies has the order of
         * the stream.
         *
         * @param streamOffset how many bytes of the stream are in front of it
         */
        void accepted(long streamOffset);
    }

    /** What control frames may queue beyond the limit, in bytes. */
    private static final int CONTROL_RESERVE_BYTES = 16 << 10;

    /** What a session may have queued, in bytes, and still get a share of the last memory. */
    private static final int SHORT_QUEUE_BYTES = 4 << 10;

    private static final Logger log = LoggerFactory.getLogger(SendLoop.class);
    private static final WriteHandler<Integer> WRITE_HANDLER = new WriteHandler<>();
    private static final WriteHandler<Long> GATHER_HANDLER = new WriteHandler<>();

    private final AsynchronousSocketChannel channel;
    private final IoRuntime runtime;
    private final SessionConfig config;
    private final Sender sender;
    private final IoContext context;

    // Guarded by this.
    private final SendQueue queue;
    private @Nullable StallWatch stallWatch;
    private boolean writing;
    private boolean starting;
    private boolean completedWhileStarting;
    private boolean reading;
    private @Nullable Throwable failure;
    private boolean finishing;
    private boolean outputFinished;
    private boolean stopped;
    private @Nullable Turn touchedBy;
    private long acceptedBytes;
    private long acceptedMessages;
    private long removedBytes;
    private long writtenBytes;

    // Written under this, by the completion of a write; taken by whoever goes on from there.
    private @Nullable Chunk emptied;

    // Written under this; read by anyone.
    private volatile long lastWriteNanos;
    private volatile FrameEncoder encoder;
    private volatile boolean congested;

    /**
     * Reserves what writing needs for as long as the session lives, or fails at once.
     *
     * @param channel where to write; nobody else does
     * @param encoder how messages are framed, until {@link #switchTo}
     * @param runtime the group
     * @param config marks, limits and deadlines
     * @param sender the session
     * @throws TransportException if the group has no operation context left
     */
    @SuppressWarnings("this-escape")
    public SendLoop(
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
        this.lastWriteNanos = runtime.deadlines().nanoTime();
    }

    /**
     * Queues a message; if it is accepted it leaves when this turn ends, or at once when there is no turn.
     *
     * @param payload borrowed
     * @return what became of it
     */
    public SendResult send(ByteBuffer payload) {
        return send(FrameKind.MESSAGE, payload, null);
    }

    /**
     * Queues a request, as {@link #send(ByteBuffer)} does a message.
     *
     * @param kind what the frame is for
     * @param payload borrowed
     * @param request what waits for the reply
     * @return what became of it
     */
    public SendResult request(FrameKind kind, ByteBuffer payload, Request request) {
        return send(kind, payload, request);
    }

    private SendResult send(FrameKind kind, ByteBuffer payload, @Nullable Request request) {
        encoder.check(payload);
        Turn turn = Turn.current();
        SendResult answer;
        boolean firstInTurn;
        boolean begins;
        synchronized (this) {
            boolean before = congested;
            answer = append(kind, request == null ? 0 : request.token(), payload, request);
            firstInTurn = answer.isAccepted() && touchBy(turn);
            begins = congested && !before;
        }
        if (begins) {
            sender.sendQueueCongested();
        }
        if (answer.isAccepted()) {
            flushAfter(turn, firstInTurn);
        }
        return answer;
    }

    /**
     * Queues a message whose sender wants to know what becomes of it.
     *
     * @param payload borrowed
     * @param marker whom to tell
     * @return what became of it so far
     */
    public SendResult send(ByteBuffer payload, SentMarker marker) {
        encoder.check(payload);
        SendResult answer;
        boolean begins;
        synchronized (this) {
            boolean before = congested;
            answer = admit(FrameKind.MESSAGE, payload.remaining());
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder, FrameKind.MESSAGE, payload, marker, acceptedBytes);
                answer = appended ? accepted(marker.frameLength()) : refused();
            }
            begins = congested && !before;
        }
        return flushIf(answer, begins);
    }

    /**
     * Queues a message of which all but the first bytes are sent from where they are.
     *
     * @param lead borrowed: the first bytes of the payload; may be empty
     * @param body the rest; taken over if it is accepted
     * @param bodyLength how many bytes the body has
     * @param marker whom to tell what becomes of it, or null
     * @return what became of it so far
     */
    public SendResult send(ByteBuffer lead, Chunk body, long bodyLength, @Nullable SentMarker marker) {
        SendResult answer;
        boolean begins;
        synchronized (this) {
            boolean congestedBefore = congested;
            long payloadLength = lead.remaining() + bodyLength;
            long before = queue.queuedBytes();
            answer = admit(FrameKind.MESSAGE, payloadLength);
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder, FrameKind.MESSAGE, 0, lead, body, bodyLength);
                if (appended && marker != null) {
                    queue.append(marker, acceptedBytes);
                }
                answer = appended ? accepted(queue.queuedBytes() - before) : refused();
            }
            begins = congested && !congestedBefore;
        }
        return flushIf(answer, begins);
    }

    private SendResult flushIf(SendResult answer, boolean congestionBegins) {
        if (congestionBegins) {
            sender.sendQueueCongested();
        }
        if (answer.isAccepted()) {
            flushQueued();
        }
        return answer;
    }

    /**
     * Takes back a message of which nothing is on its way.
     *
     * @param marker its end
     * @return false if it is too late
     */
    public boolean tryRemove(SentMarker marker) {
        Chunk removed;
        boolean relieved;
        synchronized (this) {
            removed = queue.tryRemove(marker);
            if (removed == null) {
                return false;
            }
            // Counted as passed, so that a message behind it is never called unwritten when it is not.
            removedBytes += marker.frameLength();
            relieved = relieve();
        }
        releaseAll(removed, marker);
        if (relieved) {
            sender.sendQueueRelieved();
        }
        finishIfDrained();
        return true;
    }

    /**
     * Queues a frame that has been checked; {@link #flushQueued()} must follow.
     *
     * @param kind what the frame is for
     * @param token its token
     * @param payload borrowed
     * @return what became of it
     */
    public SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        SendResult answer;
        boolean begins;
        synchronized (this) {
            boolean before = congested;
            answer = append(kind, token, payload, null);
            begins = congested && !before;
        }
        if (begins) {
            sender.sendQueueCongested();
        }
        return answer;
    }

    /**
     * Refuses what the frame cannot carry.
     *
     * @param payload borrowed
     * @throws IllegalArgumentException if it cannot
     */
    public void check(ByteBuffer payload) {
        encoder.check(payload);
    }

    /**
     * Refuses a payload that no frame can carry without looking at it.
     *
     * @param payloadLength its length in bytes
     * @throws IllegalArgumentException if none can
     */
    public void checkLength(long payloadLength) {
        encoder.checkLength(payloadLength);
    }

    /**
     * Frames what is queued from now on in another way.
     *
     * @param newEncoder how
     */
    public synchronized void switchTo(FrameEncoder newEncoder) {
        encoder = newEncoder;
    }

    /** Sees to it that what was queued leaves: when this turn ends, or at once when there is no turn. */
    public void flushQueued() {
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
    private SendResult append(FrameKind kind, long token, ByteBuffer payload, @Nullable Request request) {
        SendResult answer = admit(kind, payload.remaining());
        if (!answer.isAccepted()) {
            return answer;
        }
        long before = queue.queuedBytes();
        boolean appended = isControl(kind)
                ? queue.tryAppendUrgent(encoder, kind, token, payload)
                : queue.tryAppend(encoder, kind, token, payload);
        if (!appended) {
            return refused();
        }
        if (request != null) {
            request.accepted(acceptedBytes);
        }
        return accepted(queue.queuedBytes() - before);
    }

    /** Guarded by this. Says whether a payload of that length would be accepted as far as limits go. */
    private SendResult admit(FrameKind kind, long payloadLength) {
        if (finishing || stopped) {
            return SendResult.CLOSED;
        }
        // Frames that keep the connection itself in order have a reserve that messages cannot use up.
        long limit = isControl(kind) ? (long) config.sendLimit() + CONTROL_RESERVE_BYTES : config.sendLimit();
        long queued = queue.queuedBytes();
        boolean full = queued >= config.sendHighMark() && queued + payloadLength > limit;
        return full || (!isControl(kind) && mustLeaveMemory(queued)) ? refused() : SendResult.ACCEPTED;
    }

    /** When the group's memory is scarce the rest of it is for sessions that have next to nothing queued. */
    private boolean mustLeaveMemory(long queuedBytes) {
        return queuedBytes > SHORT_QUEUE_BYTES && runtime.buffers().isScarce();
    }

    /**
     * Refuses a message for a reason of the caller's, such as memory that is not the queue's.
     *
     * @return what its sender is told
     */
    public synchronized SendResult refuse() {
        return refused();
    }

    /** Guarded by this. */
    private SendResult refused() {
        // Whoever was refused may be waiting for the queue's relief, which comes only to those who are congested.
        congested = congested || !queue.isEmpty();
        return SendResult.REFUSED;
    }

    /** Guarded by this. */
    private SendResult accepted(long frameLength) {
        acceptedBytes += frameLength;
        acceptedMessages++;
        long queued = queue.queuedBytes();
        if (queued > config.sendHighMark() || mustLeaveMemory(queued)) {
            congested = true;
            return SendResult.CONGESTED;
        }
        return SendResult.ACCEPTED;
    }

    private static boolean isControl(FrameKind kind) {
        return switch (kind) {
            case MESSAGE, REQUEST, REPLY -> false;
            case ERROR, PING, PONG, GOAWAY, SKIPPED -> true;
        };
    }

    @Override
    public void flush() {
        boolean mayComplete = runtime.isIoThread();
        synchronized (this) {
            touchedBy = null;
            if (writing || stopped || !queue.hasItems()) {
                return;
            }
            writing = true;
            starting = mayComplete;
        }
        write(mayComplete);
    }

    /** Writes until nothing can be, or a write does not complete at once. Called by the one who set writing. */
    private void write(boolean mayComplete) {
        boolean more = startWrite();
        while (more && mayComplete) {
            synchronized (this) {
                starting = false;
                if (!completedWhileStarting) {
                    break;
                }
                completedWhileStarting = false;
            }
            more = finishWrite(true) && startWrite();
        }
        if (more) {
            watchProgress();
        }
    }

    /** A write is in flight that did not complete at once: sees to it that it gets somewhere. */
    private void watchProgress() {
        StallWatch watch;
        synchronized (this) {
            watch = stallWatch;
            if (watch == null) {
                watch = new StallWatch(this);
                stallWatch = watch;
            }
            if (!writing || stopped || !watch.begin()) {
                return;
            }
        }
        watch.arm();
    }

    /** Starts a write; returns false if nothing can be written now, and nothing is in flight then. */
    private boolean startWrite() {
        ByteBuffer only;
        int count;
        do {
            count = 1;
            synchronized (this) {
                only = queue.takeOnly();
                if (only == null) {
                    count = queue.take(context.gather());
                }
            }
            readAhead();
            if (count == 0 && !skipWrite()) {
                return false;
            }
        } while (count == 0);
        context.begin();
        try {
            if (only != null) {
                WireLog.writing(sender, only);
                channel.write(only, context, WRITE_HANDLER);
            } else {
                WireLog.writing(sender, context.gather(), count);
                channel.write(context.gather(), 0, count, 0, TimeUnit.NANOSECONDS, context, GATHER_HANDLER);
            }
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            completed(0, notStarted);
        }
        return true;
    }

    private void completed(long bytes, @Nullable Throwable cause) {
        context.complete();
        WireLog.written(sender, bytes);
        synchronized (this) {
            writtenBytes += bytes;
            if (watchesSilence()) {
                lastWriteNanos = runtime.deadlines().nanoTime();
            }
            emptied = queue.written(bytes);
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
        releaseEmptied();
        Throwable cause;
        boolean again;
        boolean relieved;
        boolean wasStopped;
        synchronized (this) {
            cause = failure;
            wasStopped = stopped && !reading;
            again = !stopped && cause == null && queue.hasItems();
            stopped |= cause != null;
            writing = again;
            starting = again && mayComplete;
            relieved = relieve();
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

    /**
     * Nothing can be written: a file has still to be read, or all that is queued are messages without bytes.
     *
     * @return true if more has come in since; otherwise nothing is in flight any more
     */
    private boolean skipWrite() {
        synchronized (this) {
            emptied = queue.written(0);
        }
        releaseEmptied();
        boolean wasStopped;
        boolean again;
        synchronized (this) {
            wasStopped = stopped && !reading;
            // What came in since nothing was found to write.
            again = !stopped && !reading && queue.hasItems();
            writing = again;
            starting = again && starting;
        }
        if (wasStopped) {
            sender.writesStopped();
        } else if (!again) {
            finishIfDrained();
        }
        return again;
    }

    /**
     * Gives back what a write has emptied, and tells those who want to know. The write still counts as in flight, so
     * the session cannot end before.
     */
    private void releaseEmptied() {
        Chunk chunk = emptied;
        emptied = null;
        while (chunk != null) {
            Chunk following = chunk.next;
            chunk.next = null;
            if (chunk instanceof SentMarker marker) {
                sender.sent(marker);
            } else if (chunk instanceof FileSource.FileChunk part) {
                synchronized (this) {
                    part.source().recycle(part);
                }
            } else {
                if (chunk instanceof TransferredChunk) {
                    // An idle session must not keep what is the application's again.
                    context.clearGather();
                }
                chunk.release();
            }
            chunk = following;
        }
    }

    /** Guarded by this. Returns whether the queue has just become short enough. */
    private boolean relieve() {
        boolean relieved = congested && queue.queuedBytes() <= config.sendLowMark();
        congested = congested && !relieved;
        return relieved;
    }

    private static void releaseAll(Chunk first, Chunk end) {
        for (Chunk chunk = first; chunk != null && chunk != end; ) {
            Chunk following = chunk.next;
            chunk.release();
            chunk = following;
        }
    }

    /** Reads the next part of the first file in the queue, on a thread where that may take its time. */
    private void readAhead() {
        FileSource file;
        FileSource.FileChunk part;
        synchronized (this) {
            file = reading || stopped ? null : queue.fileToRead();
            if (file == null) {
                return;
            }
            reading = true;
            part = file.beginReading();
        }
        try {
            runtime.executeBlocking(() -> read(file, part));
        } catch (RuntimeException ended) {
            readEnded(file, part, ended);
        }
    }

    private void read(FileSource file, FileSource.FileChunk part) {
        Throwable cause = null;
        try {
            file.read(part);
        } catch (IOException | RuntimeException | Error e) {
            cause = e;
        }
        readEnded(file, part, cause);
    }

    private void readEnded(FileSource file, FileSource.FileChunk part, @Nullable Throwable cause) {
        boolean wasStopped;
        synchronized (this) {
            reading = false;
            file.endReading(part, cause == null);
            wasStopped = stopped && !writing;
        }
        if (wasStopped) {
            sender.writesStopped();
        } else if (cause != null) {
            sender.sourceFailed(cause);
        } else {
            flush();
        }
    }

    /** Refuses further messages; the end of the stream follows the last one. */
    public void finish() {
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
     * @return true if no operation is in flight; otherwise {@link Sender#writesStopped} follows
     */
    public synchronized boolean stop() {
        stopped = true;
        return !writing && !reading;
    }

    /**
     * Gives everything back. Stopped, and no operation may be in flight.
     *
     * @return the ends of messages that were not written, or null; their senders are to be told
     */
    public @Nullable Chunk release() {
        Chunk rest;
        synchronized (this) {
            if (stallWatch != null) {
                stallWatch.cancel();
            }
            rest = queue.clear();
            runtime.contexts().release(context);
        }
        Chunk markers = null;
        Chunk lastMarker = null;
        while (rest != null) {
            Chunk following = rest.next;
            rest.next = null;
            if (!(rest instanceof SentMarker)) {
                rest.release();
            } else if (lastMarker == null) {
                markers = rest;
                lastMarker = rest;
            } else {
                lastMarker.next = rest;
                lastMarker = rest;
            }
            rest = following;
        }
        return markers;
    }

    /**
     * Returns whether senders should slow down.
     *
     * @return true from when the queue is above the high mark until it is at the low one
     */
    public boolean isCongested() {
        return congested;
    }

    /**
     * Returns whether the end of the stream has been sent.
     *
     * @return true when nothing can be written any more
     */
    public synchronized boolean isOutputFinished() {
        return outputFinished;
    }

    /**
     * Says why something was refused just now, and what to do.
     *
     * @param peer whom to name
     * @return the exception for whoever was refused
     */
    public TransportException refusal(Object peer) {
        long queued = queuedBytes();
        return new TransportException(
                queued >= config.sendHighMark()
                        ? "not sent: " + queued + " bytes are queued for " + peer
                                + " already: wait for replies, or raise sendLimit, now " + config.sendLimit()
                        : "not sent: no buffer memory left in the group: raise its bufferMemory, now "
                                + runtime.buffers().stats().limitBytes() + " bytes");
    }

    /**
     * Returns how much is queued and not written.
     *
     * @return bytes, frames included
     */
    @Override
    public synchronized long queuedBytes() {
        return queue.queuedBytes();
    }

    /**
     * Returns up to where in the stream of accepted bytes something may have been written.
     *
     * @return an offset as {@link Request#accepted} is told
     */
    public synchronized long passedBytes() {
        return writtenBytes + removedBytes;
    }

    private boolean watchesSilence() {
        return !config.idleTimeout().isZero()
                || !config.writeIdleTimeout().isZero()
                || config.heartbeat().isOn();
    }

    /**
     * Returns when something was last written, if the configuration watches for that.
     *
     * @return nanoseconds by the timer's clock; when the session began if nothing was written yet
     */
    public long lastWriteNanos() {
        return lastWriteNanos;
    }

    @Override
    public synchronized long writtenBytes() {
        return writtenBytes;
    }

    /**
     * Returns how many frames have been accepted.
     *
     * @return messages, requests and replies, and frames of the connection's own
     */
    public synchronized long acceptedMessages() {
        return acceptedMessages;
    }

    @Override
    public Deadlines deadlines() {
        return runtime.deadlines();
    }

    @Override
    public long stallNanos() {
        return config.writeProgressTimeout().toNanos();
    }

    @Override
    public int leastProgressBytes() {
        return config.minWriteProgressBytes();
    }

    @Override
    public synchronized boolean isWriting() {
        return writing && !stopped;
    }

    @Override
    public void stalled() {
        sender.writeStalled();
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
