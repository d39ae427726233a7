package io.millrace.benchmarks.contestant.netty;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelMatchers;
import io.netty.channel.group.DefaultChannelGroup;

/**
 * Netty's broadcast: a channel group on the event loop, which writes a duplicate of the frame to each channel and shares
 * the promise; all are flushed when all that was read has been handled.
 */
public final class NettyBroadcast implements Contestant {
    private final Transport transport;

    /** Makes the contestant for a transport. */
    public NettyBroadcast(Transport transport) {
        this.transport = transport;
    }

    @Override
    public String name() {
        return transport.contestant();
    }

    @Override
    public String unavailable() {
        return transport.unavailable();
    }

    @Override
    public int start(ServeOptions options) throws InterruptedException {
        EventLoopGroup loop = NettyServer.newLoop(transport);
        Everybody everybody = new Everybody(new DefaultChannelGroup(loop.next()));
        return NettyServer.startFramed(transport, loop, options, everybody);
    }

    @Sharable
    private static final class Everybody extends ChannelInboundHandlerAdapter {
        private final ChannelGroup channels;

        // Confined to the event loop.
        private boolean hasWritten;

        Everybody(ChannelGroup channels) {
            this.channels = channels;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channels.add(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            channels.write(frame, ChannelMatchers.all(), true);
            hasWritten = true;
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (hasWritten) {
                hasWritten = false;
                channels.flush();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
