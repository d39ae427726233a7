package io.millrace.benchmarks.calls.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import org.jspecify.annotations.Nullable;

/**
 * One channel's way out, in either style.
 *
 * <p><b>Threading:</b> confined to the event loop.
 */
final class FrameWriter {
    private static final int GATHERED_BYTES = 16 << 10;

    private final Channel channel;
    private final Style style;

    // Confined to the event loop.
    private @Nullable ByteBuf gathered;
    private boolean isDirty;

    FrameWriter(Channel channel, Style style) {
        this.channel = channel;
        this.style = style;
    }

    /** Has the frames of a channel taken. */
    static void install(Channel channel, Style style, FrameTaker taker) {
        if (style == Style.LEAN) {
            channel.pipeline().addLast(new FrameReader(taker));
        } else {
            channel.pipeline()
                    .addLast(new LengthFieldBasedFrameDecoder(Wire.MAX_FRAME_BYTES, 0, Wire.LENGTH_BYTES, 0, 0))
                    .addLast(new FrameHandler(taker));
        }
    }

    /** Writes a frame whose payload stands in an array. */
    void write(long token, byte[] payload) {
        ByteBuf out = Wire.putHeader(begin(payload.length), token, payload.length);
        end(out.writeBytes(payload));
    }

    /** Writes a frame whose payload stands in another buffer, whose indices do not change. */
    void write(long token, ByteBuf payload, int start, int length) {
        ByteBuf out = Wire.putHeader(begin(length), token, length);
        end(out.writeBytes(payload, start, length));
    }

    private ByteBuf begin(int payloadBytes) {
        int frameBytes = Wire.HEADER_BYTES + payloadBytes;
        if (style == Style.FRAMES) {
            return channel.alloc().ioBuffer(frameBytes);
        }
        ByteBuf buffer = gathered;
        if (buffer != null && buffer.writableBytes() < frameBytes) {
            channel.write(buffer, channel.voidPromise());
            buffer = null;
        }
        if (buffer == null) {
            buffer = channel.alloc().ioBuffer(Math.max(GATHERED_BYTES, frameBytes));
            gathered = buffer;
        }
        return buffer;
    }

    private void end(ByteBuf frame) {
        isDirty = true;
        if (style == Style.FRAMES) {
            channel.write(frame, channel.voidPromise());
        }
    }

    /** Flushes what has been written since the last time, if anything. */
    void flush() {
        if (!isDirty) {
            return;
        }
        isDirty = false;
        ByteBuf buffer = gathered;
        if (buffer != null) {
            gathered = null;
            channel.write(buffer, channel.voidPromise());
        }
        channel.flush();
    }
}
