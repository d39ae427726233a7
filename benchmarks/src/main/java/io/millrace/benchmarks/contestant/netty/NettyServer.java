package io.millrace.benchmarks.contestant.netty;

import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.ResourceLeakDetector;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * What Netty's contestants have in common: one event loop that accepts, reads and writes.
 *
 * <p>The pooled allocator is the faster here; Netty 4.2's default, the adaptive one, allocates on the heap for each
 * slice.
 */
final class NettyServer {
    private static final int BACKLOG = 1024;

    private NettyServer() {}

    /** Returns the one thread. */
    static EventLoopGroup newLoop(Transport transport) {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        return new MultiThreadIoEventLoopGroup(1, transport.ioHandlers());
    }

    /**
     * Starts to serve.
     *
     * @param handlers puts each connection's handlers in place
     * @return the port
     */
    static int start(Transport transport, EventLoopGroup loop, ChannelHandler handlers) throws InterruptedException {
        ServerBootstrap server = new ServerBootstrap()
                .group(loop)
                .channel(transport.listener())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(handlers);
        InetSocketAddress address = (InetSocketAddress) server.bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel()
                .localAddress();
        return address.getPort();
    }

    /** Returns what finds frames. They keep their prefix, so they can be sent on as they are. */
    static LengthFieldBasedFrameDecoder newDecoder(ServeOptions options) {
        return new LengthFieldBasedFrameDecoder(
                Frames.HEADER_BYTES + options.maxFrameBytes(), 0, Frames.HEADER_BYTES, 0, 0);
    }
}
