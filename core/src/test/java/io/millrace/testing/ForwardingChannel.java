package io.millrace.testing;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A channel that passes every operation on to another one, for subclasses to interfere with some of them.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: closing it closes the other channel.
 */
public abstract class ForwardingChannel extends AsynchronousSocketChannel {
    private final AsynchronousSocketChannel channel;

    /**
     * Wraps a channel.
     *
     * @param channel the channel that does the work
     */
    protected ForwardingChannel(AsynchronousSocketChannel channel) {
        super(channel.provider());
        this.channel = channel;
    }

    /**
     * Returns the channel that does the work.
     *
     * @return the wrapped channel
     */
    protected final AsynchronousSocketChannel channel() {
        return channel;
    }

    @Override
    public AsynchronousSocketChannel bind(@Nullable SocketAddress local) throws IOException {
        channel.bind(local);
        return this;
    }

    @Override
    public <T> AsynchronousSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        channel.setOption(name, value);
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        return channel.getOption(name);
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return channel.supportedOptions();
    }

    @Override
    public AsynchronousSocketChannel shutdownInput() throws IOException {
        channel.shutdownInput();
        return this;
    }

    @Override
    public AsynchronousSocketChannel shutdownOutput() throws IOException {
        channel.shutdownOutput();
        return this;
    }

    @Override
    public SocketAddress getRemoteAddress() throws IOException {
        return channel.getRemoteAddress();
    }

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        return channel.getLocalAddress();
    }

    @Override
    public <A> void connect(SocketAddress remote, A attachment, CompletionHandler<Void, ? super A> handler) {
        channel.connect(remote, attachment, handler);
    }

    @Override
    public Future<Void> connect(SocketAddress remote) {
        return channel.connect(remote);
    }

    @Override
    public <A> void read(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        channel.read(buffer, timeout, unit, attachment, handler);
    }

    @Override
    public Future<Integer> read(ByteBuffer buffer) {
        return channel.read(buffer);
    }

    @Override
    public <A> void read(
            ByteBuffer[] buffers,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        channel.read(buffers, offset, length, timeout, unit, attachment, handler);
    }

    @Override
    public <A> void write(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        channel.write(buffer, timeout, unit, attachment, handler);
    }

    @Override
    public Future<Integer> write(ByteBuffer buffer) {
        return channel.write(buffer);
    }

    @Override
    public <A> void write(
            ByteBuffer[] buffers,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        channel.write(buffers, offset, length, timeout, unit, attachment, handler);
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + channel + "]";
    }
}
