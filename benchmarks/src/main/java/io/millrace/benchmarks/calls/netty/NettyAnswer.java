package io.millrace.benchmarks.calls.netty;

import io.millrace.benchmarks.contestant.netty.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.ResourceLeakDetector;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A server that answers each request with its token and its own payload, in a frame built anew. */
public final class NettyAnswer {
    private NettyAnswer() {}

    /**
     * Starts it with one event loop.
     *
     * @return the port
     */
    @SuppressWarnings("resource") // it serves until the process ends
    public static int start(Transport transport, Style style) throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        Channel listener = new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, transport.ioHandlers()))
                .channel(transport.listener())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        FrameWriter.install(channel, style, new Answerer(new FrameWriter(channel, style)));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** One connection. */
    private record Answerer(FrameWriter out) implements FrameTaker {
        @Override
        public void take(ByteBuf in, int start) {
            int payloadBytes = in.getInt(start) - Wire.TOKEN_BYTES;
            out.write(in.getLong(start + Wire.LENGTH_BYTES), in, start + Wire.HEADER_BYTES, payloadBytes);
        }

        @Override
        public void readComplete() {
            out.flush();
        }
    }
}
