package io.millrace.benchmarks.calls.netty;

import io.millrace.benchmarks.calls.caller.Asking;
import io.millrace.benchmarks.calls.caller.Caller;
import io.millrace.benchmarks.calls.caller.CallerOptions;
import io.millrace.benchmarks.calls.caller.Slot;
import io.millrace.benchmarks.contestant.netty.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.ResourceLeakDetector;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** A client of Netty's: connections made once and given to slots in turn; no pool, no healing, no limits. */
public final class NettyCaller implements Caller {
    private final EventLoopGroup group;
    private final List<NettyConnection> connections = new ArrayList<>();

    // Confined to the thread that makes slots.
    private int next;

    /** Connects. */
    public NettyCaller(CallerOptions options, Transport transport, Style style) throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        group = new MultiThreadIoEventLoopGroup(1, transport.ioHandlers());
        Bootstrap bootstrap = new Bootstrap()
                .group(group)
                .channel(transport.channel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.AUTO_READ, false)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        // The connection is installed when it is there.
                    }
                });
        for (int i = 0; i < options.connections(); i++) {
            Channel channel = bootstrap
                    .connect(InetAddress.getLoopbackAddress(), options.port())
                    .sync()
                    .channel();
            connections.add(new NettyConnection(channel, style));
            channel.config().setAutoRead(true);
        }
    }

    @Override
    public Asking asking(Slot slot) {
        return new NettyAsking(slot, connections.get(next++ % connections.size()));
    }

    @Override
    public void close() {
        group.shutdownGracefully();
    }
}
