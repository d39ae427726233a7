package io.millrace.benchmarks.contestant.netty;

import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder;
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
    private static final int DEFAULT_MOST_RECEIVED_BYTES = 64 << 10;

    /** More gained nothing, and longer frames are faster put together from several buffers than copied into one. */
    private static final int MOST_RECEIVED_BYTES = 256 << 10;

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
    static int start(Transport transport, EventLoopGroup loop, ServeOptions options, ChannelHandler handlers)
            throws InterruptedException {
        ServerBootstrap server = new ServerBootstrap()
                .group(loop)
                .channel(transport.listener())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiveBuffers(options))
                .childHandler(handlers);
        InetSocketAddress address = (InetSocketAddress) server.bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel()
                .localAddress();
        return address.getPort();
    }

    /**
     * Starts to serve frames.
     *
     * @param handler takes the frames of all connections
     * @return the port
     */
    static int startFramed(Transport transport, EventLoopGroup loop, ServeOptions options, ChannelHandler handler)
            throws InterruptedException {
        return start(transport, loop, options, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(newDecoder(options), handler);
            }
        });
    }

    /** Returns what finds frames. They keep their prefix, so they can be sent on as they are. */
    static LengthFieldBasedFrameDecoder newDecoder(ServeOptions options) {
        LengthFieldBasedFrameDecoder decoder = new LengthFieldBasedFrameDecoder(
                Frames.HEADER_BYTES + options.maxFrameBytes(), 0, Frames.HEADER_BYTES, 0, 0);
        if (options.maxFrameBytes() > MOST_RECEIVED_BYTES) {
            decoder.setCumulator(ByteToMessageDecoder.COMPOSITE_CUMULATOR);
        }
        return decoder;
    }

    /** Returns Netty's default, which adapts to what comes, but with room for several of the longest frames. */
    static RecvByteBufAllocator receiveBuffers(ServeOptions options) {
        long several = 4L * options.maxFrameBytes();
        int most = (int) Math.min(MOST_RECEIVED_BYTES, Math.max(DEFAULT_MOST_RECEIVED_BYTES, several));
        return new AdaptiveRecvByteBufAllocator(64, 2048, most);
    }
}
