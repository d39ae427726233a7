package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ReplyHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionStats;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A session that is open until it is told to close, and can do nothing else. */
final class FakeSession implements Session {
    private volatile @Nullable CloseReason reason;

    void close(CloseReason why) {
        reason = why;
    }

    @Override
    public boolean isOpen() {
        return reason == null;
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return reason;
    }

    @Override
    public String toString() {
        return "session=1 remote=fake";
    }

    @Override
    public long id() {
        return 1;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        throw new UnsupportedOperationException();
    }

    @Override
    public InetSocketAddress localAddress() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SendResult send(ByteBuffer message) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void abort() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long queuedBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SessionStats stats() {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Object attachment() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void attach(@Nullable Object attachment) {
        throw new UnsupportedOperationException();
    }
}
