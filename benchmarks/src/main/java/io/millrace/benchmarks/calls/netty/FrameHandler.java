package io.millrace.benchmarks.calls.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Takes the frames that Netty's frame decoder has cut out, their lengths still in front. */
final class FrameHandler extends ChannelInboundHandlerAdapter {
    private final FrameTaker taker;

    FrameHandler(FrameTaker taker) {
        this.taker = taker;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf frame = (ByteBuf) message;
        try {
            taker.take(frame, frame.readerIndex());
        } finally {
            frame.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        taker.readComplete();
    }
}
