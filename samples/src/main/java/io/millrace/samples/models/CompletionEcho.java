package io.millrace.samples.models;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;

/**
 * An echo of completion handlers: the system is given a buffer, and calls when it is full or written. Nobody waits for
 * one operation. On which threads that happens is the group's affair.
 */
final class CompletionEcho implements EchoModel, CompletionHandler<AsynchronousSocketChannel, Void> {
    private final AsynchronousChannelGroup group;
    private final AsynchronousServerSocketChannel listener;
    private final int port;

    private CompletionEcho(AsynchronousChannelGroup group) throws IOException {
        this.group = group;
        listener = AsynchronousServerSocketChannel.open(group).bind(EchoModel.anyPort(), BACKLOG);
        port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    static EchoModel start(AsynchronousChannelGroup group) throws IOException {
        CompletionEcho server = new CompletionEcho(group);
        server.listener.accept(null, server);
        return server;
    }

    /** A client has connected. */
    @Override
    public void completed(AsynchronousSocketChannel accepted, Void attachment) {
        listener.accept(null, this); // one accept at a time is all that NIO.2 allows
        try {
            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            new Connection(accepted).read();
        } catch (IOException reset) {
            close(accepted);
        }
    }

    /** Nobody will connect any more: the listener was closed. */
    @Override
    public void failed(Throwable closed, Void attachment) {}

    /** One connection: it reads, or writes, never both. */
    private static final class Connection implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

        // Confined to the connection's callbacks, of which there is one at a time.
        private boolean isReading;

        Connection(AsynchronousSocketChannel channel) {
            this.channel = channel;
        }

        /** Begins to read. Everything is set before: the callback may come before this returns. */
        void read() {
            isReading = true;
            buffer.clear();
            channel.read(buffer, null, this);
        }

        @Override
        public void completed(Integer count, Void attachment) {
            if (count < 0) {
                close(channel);
                return;
            }
            if (isReading) {
                isReading = false;
                buffer.flip();
            }
            if (buffer.hasRemaining()) {
                channel.write(buffer, null, this);
            } else {
                read();
            }
        }

        @Override
        public void failed(Throwable reset, Void attachment) {
            close(channel);
        }
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException ignored) {
            // Nobody is left to tell.
        }
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        group.shutdownNow();
    }
}
