package io.millrace.benchmarks.contestant.bare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Executors;

/** What bare programs on NIO.2 have in common: one thread, and a socket that accepts. */
final class Nio2Listener {
    private static final int BACKLOG = 1024;

    private Nio2Listener() {}

    /** Takes a connection. */
    @FunctionalInterface
    interface Acceptor {
        void accepted(AsynchronousSocketChannel channel, AsynchronousChannelGroup group) throws IOException;
    }

    /** Listens until the process ends, and returns the port. */
    @SuppressWarnings("resource") // nobody stops it
    static int start(Acceptor acceptor) throws IOException {
        AsynchronousChannelGroup group =
                AsynchronousChannelGroup.withFixedThreadPool(1, Executors.defaultThreadFactory());
        AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        listener.accept(null, new CompletionHandler<AsynchronousSocketChannel, Void>() {
            @Override
            public void completed(AsynchronousSocketChannel accepted, Void attachment) {
                listener.accept(null, this);
                try {
                    accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    acceptor.accepted(accepted, group);
                } catch (IOException e) {
                    System.err.println("a connection cannot be served: " + e);
                    close(accepted);
                }
            }

            @Override
            public void failed(Throwable cause, Void attachment) {
                System.err.println("no longer accepting: " + cause);
            }
        });
        return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            System.err.println("close failed: " + e);
        }
    }
}
