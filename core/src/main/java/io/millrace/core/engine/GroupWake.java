package io.millrace.core.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** Gets runners run on a group's threads from any other thread. */
final class GroupWake implements CompletionHandler<Integer, Void> {
    /*
     * NIO.2 has no way to post a task to a group. But a read on a closed channel, started off the group's threads,
     * fails, and its failure is delivered on one of them: that is the post. Each costs the JDK's engine a lock and a
     * wake-up, so one is outstanding at most and serves everything queued by then.
     *
     * No lost wake-up: `posted` is cleared before the queue is drained, and set after a runner is queued.
     */
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
            closedChannel.read(unused, null, this);
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
            turn.run(runner);
        }
    }
}
