package io.millrace.benchmarks.contestant.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;

/** Writes each buffer that was read, and reads the next when that is written. */
final class ByteRelay extends Relay implements ChannelFutureListener {
    private final Channel channel;

    ByteRelay(Channel channel, Channel other) {
        super(other);
        this.channel = channel;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        other().writeAndFlush(bytes).addListener(this);
    }

    /** Hears that what was read last has been written. */
    @Override
    public void operationComplete(ChannelFuture written) {
        if (written.isSuccess()) {
            channel.read();
        } else {
            written.channel().close();
        }
    }
}
