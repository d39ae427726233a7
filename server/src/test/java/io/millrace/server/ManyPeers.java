package io.millrace.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Thousands of peers in one thread: most take numbered messages of one length, in order, and some read nothing. */
final class ManyPeers implements AutoCloseable {
    private static final int WAIT_SECONDS = 60;
    private static final int SMALL_BUFFER = 4 << 10;

    /** One peer, and how much it has received. */
    private static final class Peer {
        final SocketChannel channel;
        long received;

        Peer(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private final Selector selector = Selector.open();
    private final List<SocketChannel> channels = new ArrayList<>();
    private final int readers;
    private final int frameBytes;
    private final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);

    ManyPeers(int port, int readers, int silent, int messageBytes) throws IOException {
        this.readers = readers;
        this.frameBytes = Integer.BYTES + messageBytes;
        for (int i = 0; i < readers + silent; i++) {
            SocketChannel channel = SocketChannel.open();
            channels.add(channel);
            if (i >= readers) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BUFFER);
            }
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            if (i < readers) {
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new Peer(channel));
            }
        }
    }

    /** Waits until every reader has the message with this number, and had all before it; returns when that was. */
    long awaitAll(int number) throws IOException {
        long whole = (number + 1L) * frameBytes;
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        int done = 0;
        while (done < readers) {
            selector.select(1_000);
            for (SelectionKey key : selector.selectedKeys()) {
                Peer peer = (Peer) key.attachment();
                read(peer);
                done += peer.received == whole ? 1 : 0;
            }
            selector.selectedKeys().clear();
            if (System.nanoTime() - endNanos > 0) {
                throw new AssertionError(done + " of " + readers + " have message " + number + " after a minute");
            }
        }
        return System.nanoTime();
    }

    /** Checks the header and the number of every frame that begins in what has come. */
    private void read(Peer peer) throws IOException {
        int count = peer.channel.read(in.clear());
        if (count < 0) {
            throw new AssertionError("a peer was cut off");
        }
        long ahead = (frameBytes - peer.received % frameBytes) % frameBytes;
        for (int at = (int) ahead; at + 2 * Integer.BYTES <= count; at += frameBytes) {
            long number = (peer.received + at) / frameBytes;
            if (in.getInt(at) != frameBytes - Integer.BYTES || in.getInt(at + Integer.BYTES) != number) {
                throw new AssertionError("instead of message " + number + " came " + in.getInt(at + Integer.BYTES));
            }
        }
        peer.received += count;
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (SocketChannel channel : channels) {
            channel.close();
        }
    }
}
