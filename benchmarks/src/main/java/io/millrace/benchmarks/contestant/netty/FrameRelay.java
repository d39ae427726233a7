package io.millrace.benchmarks.contestant.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;

/** Writes each frame, flushes when all that was read has been handled, and reads only while the other side keeps up. */
final class FrameRelay extends Relay {
    FrameRelay(Channel other) {
        super(other);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
        other().write(frame, other().voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        other().flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        other().config().setAutoRead(context.channel().isWritable());
    }
}
