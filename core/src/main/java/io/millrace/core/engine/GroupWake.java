package io.millrace.core.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets runners run on a group's threads from any other thread. */
final class GroupWake implements CompletionHandler<Integer, Void> {
    /*
     * NIO.2 has no way to post a task to a group. But a read on a closed channel, started off the group's threads,
     * fails, and its failure is delivered on one of them: that is the post. Each costs the JDK's engine a lock and a
     * wake-up, so one is outstanding at most and serves everything queued by then.
     *
     * When the group has ended nobody is left to be woken. Then a thread is made for the runner: a callback was stuck at
     * the end, elsewhere, and has returned after all, and its session is owed its last callback.
     *
     * No lost wake-up: `posted` is cleared before the queue is drained, and set after a runner is queued.
     */
    private static final Logger log = LoggerFactory.getLogger(GroupWake.class);

    private final AsynchronousSocketChannel closedChannel;
    private final Consumer<Runnable> lateThread;
    private final ByteBuffer unused = ByteBuffer.allocate(1);
    private final ConcurrentLinkedQueue<SerialRunner> ready = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean posted = new AtomicBoolean();

    /**
     * Prepares to wake a group.
     *
     * @param channel any channel of the group; closed here
     * @param lateThread runs something on an I/O thread that is made for it, once the group has ended
     */
    GroupWake(AsynchronousSocketChannel channel, Consumer<Runnable> lateThread) throws IOException {
        this.lateThread = lateThread;
        channel.close();
        this.closedChannel = channel;
    }

    void run(SerialRunner runner) {
        ready.add(runner);
        if (posted.compareAndSet(false, true)) {
            try {
                closedChannel.read(unused, null, this);
            } catch (ShutdownChannelGroupException ended) {
                log.debug("the group has ended; runner={}", runner);
                lateThread.accept(this::runReady);
            }
        }
    }

    @Override
    public void completed(Integer bytes, Void attachment) {
        throw new IllegalStateException("a closed channel was read");
    }

    @Override
    public void failed(Throwable expected, Void attachment) {
        runReady();
    }

    private void runReady() {
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
