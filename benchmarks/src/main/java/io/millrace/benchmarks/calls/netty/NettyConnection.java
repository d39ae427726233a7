package io.millrace.benchmarks.calls.netty;

import io.millrace.benchmarks.calls.caller.CallerOptions;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.internal.PlatformDependent;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One connection of the client. What is asked on the event loop while a read is being taken goes out with one flush at
 * its end; what other threads ask goes through a queue, with one task and one flush for all that has gathered.
 *
 * <p>Deadlines are checked ten times a second: a tick is counted, and whatever is older than its ticks fails.
 */
final class NettyConnection implements FrameTaker {
    private static final long TICK_MILLIS = 100;
    private static final int TIMEOUT_TICKS = (int) (CallerOptions.TIMEOUT.toMillis() / TICK_MILLIS) + 1;

    private final EventLoop loop;
    private final FrameWriter out;
    private final PendingRequests pending = new PendingRequests();
    private final Queue<NettyAsking> asked = PlatformDependent.newMpscQueue();
    /** Whether {@link #sendAsked} waits for its turn on the loop. */
    private final AtomicBoolean isSendingAsked = new AtomicBoolean();

    private final Runnable sendAsked = this::sendAsked;

    // Confined to the event loop.
    private long lastToken;
    private int tick;
    private boolean isReading;

    NettyConnection(Channel channel, Style style) {
        loop = channel.eventLoop();
        out = new FrameWriter(channel, style);
        FrameWriter.install(channel, style, this);
        loop.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    void ask(NettyAsking asking) {
        if (loop.inEventLoop()) {
            send(asking);
            if (!isReading) {
                out.flush();
            }
            return;
        }
        asked.add(asking);
        if (!isSendingAsked.get() && isSendingAsked.compareAndSet(false, true)) {
            loop.execute(sendAsked);
        }
    }

    private void sendAsked() {
        isSendingAsked.set(false); // first: what is added from now on may be missed below
        for (NettyAsking asking = asked.poll(); asking != null; asking = asked.poll()) {
            send(asking);
        }
        out.flush();
    }

    private void send(NettyAsking asking) {
        asking.token = ++lastToken;
        asking.deadlineTick = tick + TIMEOUT_TICKS;
        pending.put(asking);
        out.write(asking.token, asking.slot.bytes());
    }

    @Override
    public void take(ByteBuf in, int start) {
        isReading = true;
        NettyAsking asking = pending.remove(in.getLong(start + Wire.LENGTH_BYTES));
        if (asking != null) { // else it has timed out
            asking.slot.answered(in.getInt(start) - Wire.TOKEN_BYTES, in.getLong(start + Wire.HEADER_BYTES));
        }
    }

    @Override
    public void readComplete() {
        isReading = false;
        out.flush();
    }

    private void tick() {
        tick++;
        pending.expire(tick, new TimeoutException("no reply within " + CallerOptions.TIMEOUT));
    }
}
