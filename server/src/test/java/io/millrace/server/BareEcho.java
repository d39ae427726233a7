package io.millrace.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Executors;
import org.slf4j.LoggerFactory;

/**
 * The least that a framed echo on NIO.2 can be, to compare with: one read, whole frames found in it, one write. It has
 * no limits, no deadlines, no counters, and serves one client after another.
 */
final class BareEcho {
    private static final int BUFFER_BYTES = 64 << 10;

    private final AsynchronousSocketChannel channel;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final CompletionHandler<Integer, Void> readHandler = new CompletionHandler<>() {
        @Override
        public void completed(Integer bytes, Void attachment) {
            if (bytes < 0) {
                close();
            } else {
                echoFrames();
            }
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            close();
        }
    };
    private final CompletionHandler<Integer, Void> writeHandler = new CompletionHandler<>() {
        @Override
        public void completed(Integer bytes, Void attachment) {
            writeOrRead();
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            close();
        }
    };

    private BareEcho(AsynchronousSocketChannel channel) {
        this.channel = channel;
    }

    /** Finds the whole frames, each an int32 length and so many bytes, and copies them to be written. */
    private void echoFrames() {
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
        out.flip();
        writeOrRead();
    }

    private void writeOrRead() {
        if (out.hasRemaining()) {
            channel.write(out, null, writeHandler);
        } else {
            channel.read(in, null, readHandler);
        }
    }

    private void close() {
        try {
            channel.close();
        } catch (IOException e) {
            System.out.println("close failed: " + e);
        }
    }

    public static void main(String[] args) throws Exception {
        // The same backend for logs as the server that is compared with this.
        LoggerFactory.getLogger(BareEcho.class).debug("starting");
        AsynchronousChannelGroup group =
                AsynchronousChannelGroup.withFixedThreadPool(1, Executors.defaultThreadFactory());
        try (AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group)) {
            listener.bind(new InetSocketAddress("127.0.0.1", 0));
            listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
                @Override
                public void completed(AsynchronousSocketChannel accepted, Void attachment) {
                    new BareEcho(accepted).start();
                    listener.accept(null, this);
                }

                @Override
                public void failed(Throwable cause, Void attachment) {
                    System.out.println("no longer accepting: " + cause);
                }
            });
            MemoryReport.serve(((InetSocketAddress) listener.getLocalAddress()).getPort());
        }
    }

    private void start() {
        out.limit(0);
        writeOrRead();
    }
}
