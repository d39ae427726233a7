package io.millrace.benchmarks.micro;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A channel without a network, so that what is left is the cost of what uses it. A read waits until {@link #deliver} has
 * bytes for it, as one does that waits for the peer; a write completes inside the call, as one does whose socket has
 * room, unless {@link #holdWrites} is on.
 *
 * <p><b>Threading:</b> as its user's: one read and one write at a time.
 */
final class InstantChannel extends AsynchronousSocketChannel {
    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    /** Counts below this are boxed once. */
    private static final int BOXES = 16 << 10;

    // Any thread that finds none makes one; which of them stays does not matter.
    private static final @Nullable Integer[] boxes = new @Nullable Integer[BOXES];

    private final ByteBuffer burst;
    private final LongConsumer onWritten;

    // Confined to the reader, and to whoever delivers to it.
    private @Nullable ByteBuffer readInto;
    private @Nullable CompletionHandler<Integer, ?> reader;
    private @Nullable Object readerAttachment;

    // Confined to the writer, and to whoever releases what it has written.
    private boolean holdsWrites;
    private @Nullable ByteBuffer heldWrite;
    private @Nullable CompletionHandler<Integer, ?> heldWriter;
    private @Nullable Object heldAttachment;

    /**
     * Makes an open channel.
     *
     * @param burst what arrives, over and over, between 0 and the limit
     * @param onWritten hears how many bytes each write has taken
     */
    InstantChannel(ByteBuffer burst, LongConsumer onWritten) {
        super(AsynchronousChannelProvider.provider());
        this.burst = burst;
        this.onWritten = onWritten;
    }

    /** Lets the burst arrive so many times, each for the read that waits then. There must always be one. */
    void deliver(int times) {
        for (int i = 0; i < times; i++) {
            burst.rewind();
            while (burst.hasRemaining()) {
                completeRead();
            }
        }
    }

    @SuppressWarnings("unchecked") // as the channel was given them, together
    private void completeRead() {
        ByteBuffer into = readInto;
        CompletionHandler<Integer, Object> handler = (CompletionHandler<Integer, Object>) reader;
        if (into == null || handler == null) {
            throw new IllegalStateException("no read waits");
        }
        int count = Math.min(into.remaining(), burst.remaining());
        into.put(into.position(), burst, burst.position(), count).position(into.position() + count);
        burst.position(burst.position() + count);
        readInto = null;
        handler.completed(boxed(count), readerAttachment);
    }

    /** Leaves writes in flight from now on, until {@link #releaseWrites}. */
    void holdWrites() {
        holdsWrites = true;
    }

    /** Completes the write in flight, and those that follow it, until there is none. */
    @SuppressWarnings("unchecked") // as the channel was given them, together
    void releaseWrites() {
        ByteBuffer held = heldWrite;
        CompletionHandler<Integer, Object> handler = (CompletionHandler<Integer, Object>) heldWriter;
        Object attachment = heldAttachment;
        while (held != null && handler != null && attachment != null) {
            heldWrite = null;
            finishWrite(held, attachment, handler);
            held = heldWrite;
        }
        holdsWrites = false;
    }

    @Override
    public <A> void read(
            ByteBuffer into, long timeout, TimeUnit unit, A attachment, CompletionHandler<Integer, ? super A> handler) {
        readInto = into;
        reader = handler;
        readerAttachment = attachment;
    }

    @Override
    public <A> void write(
            ByteBuffer from, long timeout, TimeUnit unit, A attachment, CompletionHandler<Integer, ? super A> handler) {
        if (holdsWrites) {
            heldWrite = from;
            heldWriter = handler;
            heldAttachment = attachment;
        } else {
            finishWrite(from, attachment, handler);
        }
    }

    private <A> void finishWrite(ByteBuffer from, A attachment, CompletionHandler<Integer, ? super A> handler) {
        int count = from.remaining();
        from.position(from.limit());
        onWritten.accept(count);
        handler.completed(boxed(count), attachment);
    }

    /** Boxed once, not for each operation: what the JDK's own channels allocate is not measured here. */
    private static Integer boxed(int count) {
        Integer known = count < boxes.length ? boxes[count] : null;
        if (known == null) {
            known = count;
            if (count < boxes.length) {
                boxes[count] = known;
            }
        }
        return known;
    }

    @Override
    public <A> void write(
            ByteBuffer[] from,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        if (holdsWrites) {
            throw new UnsupportedOperationException("only writes of one buffer can be held");
        }
        long count = 0;
        for (int i = offset; i < offset + length; i++) {
            count += from[i].remaining();
            from[i].position(from[i].limit());
        }
        onWritten.accept(count);
        handler.completed(count, attachment);
    }

    @Override
    public <T> AsynchronousSocketChannel setOption(SocketOption<T> name, T value) {
        return this;
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of(StandardSocketOptions.TCP_NODELAY, StandardSocketOptions.SO_KEEPALIVE);
    }

    @Override
    public SocketAddress getLocalAddress() {
        return ADDRESS;
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return ADDRESS;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public AsynchronousSocketChannel bind(SocketAddress local) {
        throw new UnsupportedOperationException();
    }

    @Override
    public AsynchronousSocketChannel shutdownInput() {
        throw new UnsupportedOperationException();
    }

    @Override
    public AsynchronousSocketChannel shutdownOutput() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <A> void connect(SocketAddress remote, A attachment, CompletionHandler<Void, ? super A> handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Void> connect(SocketAddress remote) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Integer> read(ByteBuffer into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <A> void read(
            ByteBuffer[] into,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Future<Integer> write(ByteBuffer from) {
        throw new UnsupportedOperationException();
    }
}
