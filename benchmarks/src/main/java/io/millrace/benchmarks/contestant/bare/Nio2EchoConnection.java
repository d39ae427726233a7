package io.millrace.benchmarks.contestant.bare;

import io.millrace.benchmarks.contestant.Frames;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;

/** One connection of a bare echo: it reads, or writes, never both. */
public final class Nio2EchoConnection implements CompletionHandler<Integer, Void> {
    private final AsynchronousSocketChannel channel;
    private final ByteBuffer in;
    private final ByteBuffer out;

    // Confined to the connection's callbacks, of which there is one at a time.
    private boolean isWriting;

    /**
     * Makes one.
     *
     * @param bufferBytes at least the longest frame
     */
    public Nio2EchoConnection(AsynchronousSocketChannel channel, int bufferBytes) {
        this.channel = channel;
        in = ByteBuffer.allocateDirect(bufferBytes);
        out = ByteBuffer.allocateDirect(bufferBytes);
    }

    /** Begins to read. */
    public void start() {
        channel.read(in, null, this);
    }

    @Override
    public void completed(Integer bytes, Void attachment) {
        if (bytes < 0) {
            Nio2Listener.close(channel);
            return;
        }
        if (!isWriting) {
            Frames.moveWhole(in, out);
        }
        isWriting = out.hasRemaining();
        if (isWriting) {
            channel.write(out, null, this);
        } else {
            out.clear().limit(0);
            channel.read(in, null, this);
        }
    }

    @Override
    public void failed(Throwable cause, Void attachment) {
        Nio2Listener.close(channel);
    }
}
