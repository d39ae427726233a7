package io.millrace.core.internal.send;

import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.IoContext;
import io.millrace.core.observe.WireLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a queue to a channel, in order, with one write in flight. The only caller of write. */
final class ChannelWriter extends WriterState implements Turn.Flushable, StallWatch.Writes, FileReadAhead.Reader {
    /*
     * A write that the channel completes at once calls our handler inside write(). The handler then only notes the
     * result (`starting` is set) and the loop that called write() goes on with it: constant stack, no second writer.
     * The same holds when another thread delivers the completion before write() has returned. Threads that are not
     * the group's never take that role, so a sender is never held back to write for others.
     *
     * A file that is sent is read ahead of its turn on another thread (FileReadAhead); when its turn comes too early
     * the loop is IDLE with bytes queued, and the end of the read is one more flush. A read under way counts as an
     * operation in flight: the session does not end under it.
     *
     * The queue's lock guards the state too. It is held for copying and bookkeeping, never across a channel operation
     * or a call to the session, so nothing waits for it long and nothing can deadlock.
     */

    private static final Logger log = LoggerFactory.getLogger(ChannelWriter.class);
    private static final WriteHandler<Integer> WRITE_HANDLER = new WriteHandler<>();
    private static final WriteHandler<Long> GATHER_HANDLER = new WriteHandler<>();

    private final AsynchronousSocketChannel channel;
    private final IoRuntime runtime;
    private final SessionConfig config;
    private final Sender sender;
    private final IoContext context;
    private final SendQueue queue;

    // Guarded by the queue.
    private @Nullable StallWatch stallWatch;
    private @Nullable FileReadAhead files;
    private long writtenBytes;

    // Written under the queue's lock, by the completion of a write; taken by whoever goes on from there.
    private @Nullable Chunk emptied;

    // Written under the queue's lock; read by anyone.
    private volatile long lastWriteNanos;

    /** Reserves what writing needs for as long as the session lives, or fails at once. */
    @SuppressWarnings("this-escape")
    ChannelWriter(AsynchronousSocketChannel channel, IoRuntime runtime, SessionConfig config, Sender sender)
            throws TransportException {
        IoContext leased = runtime.contexts().tryAcquire(this);
        if (leased == null) {
            throw new TransportException("no operation context left: raise maxSessions of the group");
        }
        this.channel = channel;
        this.runtime = runtime;
        this.config = config;
        this.sender = sender;
        this.context = leased;
        this.queue = new SendQueue(runtime.buffers());
        this.lastWriteNanos = runtime.deadlines().nanoTime();
    }

    /** Returns what is written; its lock guards it, and this writer. */
    @Override
    SendQueue queue() {
        return queue;
    }

    @Override
    SessionConfig config() {
        return config;
    }

    BufferPool buffers() {
        return runtime.buffers();
    }

    /** Notes that a file has been queued. Guarded by the queue. */
    void expectFiles() {
        if (files == null) {
            files = new FileReadAhead(runtime, queue, this);
        }
    }

    @Override
    public void flush() {
        boolean mayComplete = runtime.isIoThread();
        ByteBuffer only;
        synchronized (queue) {
            if (!tryStart(mayComplete)) {
                return;
            }
            only = queue.takeOnly();
        }
        write(only, mayComplete);
    }

    /**
     * Writes until nothing can be, or a write does not complete at once. Called by the one who set writing.
     *
     * @param taken the first buffer to write, or null if it has still to be taken
     * @param mayComplete as the state was told
     */
    private void write(@Nullable ByteBuffer taken, boolean mayComplete) {
        boolean more = startWrite(taken);
        while (more && mayComplete) {
            synchronized (queue) {
                if (!takeCompletion()) {
                    break;
                }
            }
            more = finishWrite(true) && startWrite(null);
        }
        if (more) {
            watchProgress();
        }
    }

    /** A write is in flight that did not complete at once: sees to it that it gets somewhere. */
    private void watchProgress() {
        StallWatch watch;
        synchronized (queue) {
            watch = stallWatch;
            if (watch == null) {
                watch = new StallWatch(
                        this,
                        runtime.deadlines(),
                        config.writeProgressTimeout().toNanos(),
                        config.minWriteProgressBytes());
                stallWatch = watch;
            }
            if (!isWriting() || !watch.begin()) {
                return;
            }
        }
        watch.arm();
    }

    /**
     * Starts a write; returns false if nothing can be written now, and nothing is in flight then.
     *
     * @param taken what to write, if that is one buffer which has been taken already
     */
    private boolean startWrite(@Nullable ByteBuffer taken) {
        ByteBuffer single = taken;
        int count = 1;
        while (single == null) {
            FileReadAhead ahead;
            synchronized (queue) {
                single = queue.takeOnly();
                count = single == null ? queue.take(context.gather()) : 1;
                ahead = files;
            }
            if (ahead != null) {
                ahead.goOn();
            }
            if (count > 0) {
                break;
            }
            if (!skipWrite()) {
                return false;
            }
        }
        context.begin();
        try {
            if (single != null) {
                WireLog.writing(sender, single);
                channel.write(single, context, WRITE_HANDLER);
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

    /** Hears of the end of a write, on whatever thread. */
    void completed(long bytes, @Nullable Throwable cause) {
        context.complete();
        WireLog.written(sender, bytes);
        synchronized (queue) {
            writtenBytes += bytes;
            if (watchesSilence()) {
                lastWriteNanos = runtime.deadlines().nanoTime();
            }
            emptied = queue.written(bytes);
            if (noteCompletion(cause)) {
                return;
            }
        }
        boolean mayComplete = runtime.isIoThread();
        if (finishWrite(mayComplete)) {
            write(null, mayComplete);
        }
    }

    /** Takes in what the write has done; returns whether to write again, which nobody else will then. */
    private boolean finishWrite(boolean mayComplete) {
        releaseEmptied();
        Throwable cause;
        boolean again;
        boolean relieved;
        boolean wasStopped;
        boolean mayFinish;
        synchronized (queue) {
            cause = failure();
            wasStopped = isStopped() && isAllBack();
            again = !isStopped() && cause == null && queue.canTake();
            goOn(again, mayComplete);
            mayFinish = !again && isClosed();
            relieved = relieve();
        }
        if (wasStopped) {
            sender.writesStopped();
        } else if (cause != null) {
            sender.writeFailed(cause);
        } else if (relieved) {
            sender.sendQueueRelieved();
        }
        if (mayFinish) {
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
        synchronized (queue) {
            emptied = queue.written(0);
        }
        releaseEmptied();
        boolean wasStopped;
        boolean again;
        synchronized (queue) {
            wasStopped = isStopped() && isAllBack();
            // What came in since nothing was found to write.
            again = !isStopped() && !isReading() && queue.canTake();
            goOn(again, isStarting());
        }
        if (wasStopped) {
            sender.writesStopped();
        } else if (!again) {
            finishIfDrained();
        }
        return again;
    }

    /**
     * Releases what a write has emptied. That still counts as in flight meanwhile, so the session cannot end before.
     */
    private void releaseEmptied() {
        Chunk first = emptied;
        emptied = null;
        if (first != null) {
            queue.giveBack(first, sender, context);
        }
    }

    @Override
    public void readEnded(@Nullable Throwable cause) {
        boolean wasLast;
        synchronized (queue) {
            wasLast = isStopped() && isQuiet();
        }
        if (wasLast) {
            sender.writesStopped();
        } else if (cause != null) {
            sender.sourceFailed(cause);
        } else {
            flush();
        }
    }

    /** Returns whether no write is in flight, no file is being read and no buffer is out. Guarded by the queue. */
    boolean isQuiet() {
        return !isInFlight() && isAllBack();
    }

    /** Returns whether nothing of the queue is elsewhere: in a read of a file, or in a turn. Guarded by the queue. */
    private boolean isAllBack() {
        return !isReading() && !queue.isTakenOut();
    }

    /** Guarded by the queue. */
    private boolean isReading() {
        return files != null && files.isReading();
    }

    /** Refuses further messages; the end of the stream follows the last one. */
    void finish() {
        synchronized (queue) {
            closeInput();
        }
        finishIfDrained();
    }

    /** Sends the end of the stream if it is wanted and its turn has come. */
    void finishIfDrained() {
        synchronized (queue) {
            if (!queue.isEmpty() || !tryFinishOutput()) {
                return;
            }
        }
        try {
            channel.shutdownOutput();
        } catch (IOException | RuntimeException e) {
            log.trace("output was closed already: {}", e.toString());
        }
        sender.outputFinished();
    }

    /** Stops for good; returns true if no operation is in flight, and otherwise the sender hears when none is. */
    boolean stop() {
        synchronized (queue) {
            setStopped();
            return isQuiet();
        }
    }

    /** Gives everything back; returns what was not written. Stopped, and no operation may be in flight. */
    @Nullable
    Chunk release() {
        synchronized (queue) {
            if (stallWatch != null) {
                stallWatch.cancel();
            }
            runtime.contexts().release(context);
            return queue.clear();
        }
    }

    /** Returns whether anybody asks when something was written last: else the clock is not read for each write. */
    private boolean watchesSilence() {
        return !config.idleTimeout().isZero()
                || !config.writeIdleTimeout().isZero()
                || config.heartbeat().isOn();
    }

    long lastWriteNanos() {
        return lastWriteNanos;
    }

    @Override
    public Object lock() {
        return queue;
    }

    @Override
    public long writtenBytes() {
        return writtenBytes;
    }

    @Override
    public long queuedBytes() {
        return queue.queuedBytes();
    }

    @Override
    public void stalled() {
        sender.writeStalled();
    }
}
