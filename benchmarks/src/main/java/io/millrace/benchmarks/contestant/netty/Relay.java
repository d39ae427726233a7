package io.millrace.benchmarks.contestant.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Passes on what a channel receives to another one; when one ends, so does the other, once all is written. */
abstract class Relay extends ChannelInboundHandlerAdapter {
    private final Channel other;

    Relay(Channel other) {
        this.other = other;
    }

    Channel other() {
        return other;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closeWhenWritten(other);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        closeWhenWritten(context.channel());
    }

    private static void closeWhenWritten(Channel channel) {
        if (channel.isActive()) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
