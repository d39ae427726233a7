package io.millrace.benchmarks.contestant.bare;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Executors;

/**
 * The least that a framed echo on NIO.2 can be: one read, whole frames found in it, one write. It has no limits, no
 * deadlines and no counters, so what Millrace costs above it is the price of those.
 */
public final class Nio2Echo implements Contestant {
    @Override
    public String name() {
        return "nio2-bare";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        AsynchronousChannelGroup group =
                AsynchronousChannelGroup.withFixedThreadPool(1, Executors.defaultThreadFactory());
        AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
            @Override
            public void completed(AsynchronousSocketChannel accepted, Void attachment) {
                listener.accept(null, this);
                new Connection(accepted, Frames.bufferBytes(options)).start();
            }

            @Override
            public void failed(Throwable cause, Void attachment) {
                System.err.println("no longer accepting: " + cause);
            }
        });
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    /** One connection: it reads, or writes, never both. */
    private static final class Connection implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer in;
        private final ByteBuffer out;

        // Confined to the connection's callbacks, of which there is one at a time.
        private boolean isWriting;

        Connection(AsynchronousSocketChannel channel, int bufferBytes) {
            this.channel = channel;
            in = ByteBuffer.allocateDirect(bufferBytes);
            out = ByteBuffer.allocateDirect(bufferBytes);
        }

        void start() {
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            channel.read(in, null, this);
        }

        @Override
        public void completed(Integer bytes, Void attachment) {
            if (bytes < 0) {
                close();
                return;
            }
            if (!isWriting) {
                copyFrames();
            }
            isWriting = out.hasRemaining();
            if (isWriting) {
                channel.write(out, null, this);
            } else {
                out.clear().limit(0);
                channel.read(in, null, this);
            }
        }

        private void copyFrames() {
            in.flip();
            out.clear();
            while (in.remaining() >= Frames.HEADER_BYTES) {
                int length = Frames.HEADER_BYTES + in.getInt(in.position());
                if (in.remaining() < length) {
                    break;
                }
                int end = in.limit();
                out.put(in.limit(in.position() + length));
                in.limit(end);
            }
            in.compact();
            out.flip();
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            close();
        }

        private void close() {
            try {
                channel.close();
            } catch (IOException e) {
                System.err.println("close failed: " + e);
            }
        }
    }
}
