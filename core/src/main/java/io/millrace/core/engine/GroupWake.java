package io.millrace.core.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets runners run on a group's threads from any other thread. */
final class GroupWake implements CompletionHandler<Integer, Void> {
    /*
     * NIO.2 has no way to post a task to a group. But a read on a closed channel, started off the group's threads,
     * fails, and its failure is delivered on one of them: that is the post. Each costs the JDK's engine a lock and a
     * wake-up, so one is outstanding at most and serves everything queued by then.
     *
     * No lost wake-up: `posted` is cleared before the queue is drained, and set after a runner is queued.
     */
    private static final Logger log = LoggerFactory.getLogger(GroupWake.class);

    private final AsynchronousSocketChannel closedChannel;
    private final ByteBuffer unused = ByteBuffer.allocate(1);
    private final ConcurrentLinkedQueue<SerialRunner> ready = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean posted = new AtomicBoolean();

    GroupWake(AsynchronousSocketChannel channel) throws IOException {
        channel.close();
        this.closedChannel = channel;
    }

    void run(SerialRunner runner) {
        ready.add(runner);
        if (posted.compareAndSet(false, true)) {
            try {
                closedChannel.read(unused, null, this);
            } catch (ShutdownChannelGroupException ended) {
                // Every session of the group has been given its end, or a callback is stuck and has been reported.
                log.debug("the group has ended; runner={}", runner);
            }
        }
    }

    @Override
    public void completed(Integer bytes, Void attachment) {
        throw new IllegalStateException("a closed channel was read");
    }

    @Override
    public void failed(Throwable expected, Void attachment) {
        posted.set(false);
        Turn turn = ((IoThread) Thread.currentThread()).turn();
        SerialRunner runner;
        while ((runner = ready.poll()) != null) {
            try {
                turn.run(runner);
            } catch (Throwable broken) {
                // The other runners are owed their turns, and the JDK its thread.
                log.error("runner could not be run; runner={}", runner, broken);
            }
        }
    }
}
