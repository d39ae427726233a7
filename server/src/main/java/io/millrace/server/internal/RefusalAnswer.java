package io.millrace.server.internal;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells one refused connection why, and closes it in good order. Reads and writes its channel, for it has no session. */
final class RefusalAnswer extends Deadline {
    /*
     *    WRITING --written--> end of output --> DROPPING --end of input, enough, deadline--> CLOSED
     *       +---------------------- failed, deadline, close() ------------------------------->
     *
     * A close with unread input would reset the connection, and could destroy the message on its way to the peer. So
     * what the peer has sent is read and dropped until it ends.
     *
     * One operation is in flight until it is closed, so the state is confined to the completions. Closing may come from
     * anywhere: it happens once, closes the channel and so fails what is in flight. A completion that runs inside the
     * call that started it goes a few frames deeper; there are at most MOST_READS of those, and a write or two.
     */
    private static final Logger log = LoggerFactory.getLogger(RefusalAnswer.class);
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int DROP_BYTES = 2048;
    private static final int MOST_READS = 32;

    private final AsynchronousSocketChannel channel;
    private final ByteBuffer message;
    private final Deadlines deadlines;
    private final Consumer<RefusalAnswer> done;
    private final AtomicBoolean closed = new AtomicBoolean();

    // Confined to the completions.
    private ByteBuffer dropped = ByteBuffer.allocate(0);
    private int reads;

    /**
     * Prepares an answer.
     *
     * @param channel the connection; closed with this
     * @param message what to write
     * @param deadlines the group's timer
     * @param done told once, when the channel is closed
     */
    RefusalAnswer(
            AsynchronousSocketChannel channel, ByteBuffer message, Deadlines deadlines, Consumer<RefusalAnswer> done) {
        this.channel = channel;
        this.message = message;
        this.deadlines = deadlines;
        this.done = done;
    }

    void start() {
        deadlines.arm(this, TIMEOUT_NANOS);
        attempt(this::write);
    }

    private void write() throws Exception {
        if (message.hasRemaining()) {
            channel.write(message, null, new Step(this::write));
            return;
        }
        channel.shutdownOutput();
        dropped = ByteBuffer.allocate(DROP_BYTES);
        read();
    }

    private void read() {
        if (reads == MOST_READS) {
            close();
            return;
        }
        reads++;
        channel.read(dropped.clear(), null, new Step(this::read));
    }

    @Override
    protected void expired() {
        close();
    }

    /** Closes the connection; does nothing if it is closed. */
    void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        deadlines.cancel(this);
        try {
            channel.close();
        } catch (Exception e) {
            log.debug("close failed; cause={}", e.toString());
        } finally {
            done.accept(this);
        }
    }

    private void attempt(Action action) {
        try {
            action.run();
        } catch (Throwable failed) {
            // The peer is gone, or the deadline was first: nobody is left to tell.
            log.debug("refused connection could not be told; cause={}", failed.toString());
            close();
        }
    }

    /** What goes on with the connection, or fails. */
    private interface Action {
        void run() throws Exception;
    }

    /** Goes on when an operation has completed. */
    private final class Step implements CompletionHandler<Integer, Void> {
        private final Action next;

        Step(Action next) {
            this.next = next;
        }

        @Override
        public void completed(Integer bytes, Void attachment) {
            if (bytes < 0) {
                close();
            } else {
                attempt(next);
            }
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            close();
        }
    }
}
