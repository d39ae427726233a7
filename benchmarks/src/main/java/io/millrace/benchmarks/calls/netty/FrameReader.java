package io.millrace.benchmarks.calls.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.TooLongFrameException;
import java.util.List;

/** Finds frames in what was read and hands each on where it lies: no slice, no object for a frame. */
final class FrameReader extends ByteToMessageDecoder {
    private final FrameTaker taker;

    FrameReader(FrameTaker taker) {
        this.taker = taker;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        while (in.readableBytes() >= Wire.LENGTH_BYTES) {
            int start = in.readerIndex();
            int length = in.getInt(start);
            if (length < Wire.TOKEN_BYTES || length > Wire.MAX_FRAME_BYTES) {
                throw new TooLongFrameException("a frame of " + length + " bytes");
            }
            int end = start + Wire.LENGTH_BYTES + length;
            if (end > in.writerIndex()) {
                return;
            }
            taker.take(in, start);
            in.readerIndex(end);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
        taker.readComplete();
        super.channelReadComplete(context);
    }
}
