package io.millrace.benchmarks.micro;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;

/** One read, whole frames found in it, one write: no limits, no deadlines, no counters. */
final class BareEcho implements CompletionHandler<Integer, Boolean> {
    private static final int BUFFER_BYTES = 64 << 10;

    private final AsynchronousSocketChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);

    BareEcho(AsynchronousSocketChannel channel) {
        this.channel = channel;
    }

    void start() {
        channel.read(in, false, this);
    }

    @Override
    public void completed(Integer bytes, Boolean isWritten) {
        if (isWritten) {
            channel.read(in, false, this);
            return;
        }
        in.flip();
        out.clear();
        while (in.remaining() >= Integer.BYTES) {
            int length = Integer.BYTES + in.getInt(in.position());
            if (in.remaining() < length) {
                break;
            }
            int end = in.limit();
            out.put(in.limit(in.position() + length));
            in.limit(end);
        }
        in.compact();
        channel.write(out.flip(), true, this);
    }

    @Override
    public void failed(Throwable cause, Boolean isWritten) {
        throw new IllegalStateException(cause);
    }
}
