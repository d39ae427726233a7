package io.millrace.client.internal.pool;

import io.millrace.core.AttributeKey;
import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RoundTrip;
import io.millrace.core.SendCompletion;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionStats;
import io.millrace.core.TransportException;
import io.millrace.core.WireProtocol;
import io.millrace.core.internal.RelayTarget;
import io.millrace.core.internal.TcpSession;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A session as its borrower sees it: as long as the loan lasts, and no longer. */
final class GuardedSession implements Session, RelayTarget {
    // Keeps the loan from being taken for lost while somebody has only its session.
    private final Loan loan;

    GuardedSession(Loan loan) {
        this.loan = loan;
    }

    private LoanRecord record() {
        return loan.record();
    }

    @Override
    public long id() {
        return record().peek().id();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return record().peek().remoteAddress();
    }

    @Override
    public InetSocketAddress localAddress() {
        return record().peek().localAddress();
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return record().peek().closeReason();
    }

    @Override
    public CompletableFuture<CloseReason> closed() {
        return record().peek().closed();
    }

    @Override
    public SessionStats stats() {
        return record().peek().stats();
    }

    @Override
    public SendResult send(ByteBuffer message) {
        TcpSession session = record().enterToSend();
        try {
            return session.send(message);
        } finally {
            record().leave();
        }
    }

    @Override
    public SendResult send(ByteBuffer message, SendCompletion completion) {
        TcpSession session = record().enterToSend();
        try {
            return session.send(message, completion);
        } finally {
            record().leave();
        }
    }

    @Override
    public CompletableFuture<Void> sendAsync(ByteBuffer message) {
        TcpSession session = record().enterToSend();
        try {
            return session.sendAsync(message);
        } finally {
            record().leave();
        }
    }

    @Override
    public void sendAndWait(ByteBuffer message, Duration timeout) throws TransportException {
        TcpSession session = record().enterToSend();
        try {
            session.sendAndWait(message, timeout);
        } finally {
            record().leave();
        }
    }

    @Override
    public SendResult transfer(ByteBuffer message, Runnable release) {
        TcpSession session = record().enterToSend();
        try {
            return session.transfer(message, release);
        } finally {
            record().leave();
        }
    }

    @Override
    public SendResult transfer(ByteBuffer message) {
        TcpSession session = record().enterToSend();
        try {
            return session.transfer(message);
        } finally {
            record().leave();
        }
    }

    @Override
    public CompletableFuture<Void> sendFile(Path file, long offset, long length, ByteBuffer header) {
        TcpSession session = record().enterToSend();
        try {
            return session.sendFile(file, offset, length, header);
        } finally {
            record().leave();
        }
    }

    @Override
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        TcpSession session = record().enter();
        try {
            return session.request(payload, timeout);
        } finally {
            record().leave();
        }
    }

    @Override
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        TcpSession session = record().enter();
        try {
            session.request(payload, timeout, handler);
        } finally {
            record().leave();
        }
    }

    @Override
    public void pauseReading() {
        TcpSession session = record().enter();
        try {
            session.pauseReading();
        } finally {
            record().leave();
        }
    }

    @Override
    public void resumeReading() {
        TcpSession session = record().enter();
        try {
            session.resumeReading();
        } finally {
            record().leave();
        }
    }

    @Override
    public void pauseReadingUntilWritable(Session target) {
        TcpSession session = record().enter();
        try {
            session.pauseReadingUntilWritable(target);
        } finally {
            record().leave();
        }
    }

    @Override
    public TcpSession connection() {
        TcpSession session = record().enter();
        record().leave();
        return session;
    }

    @Override
    public void shutdownOutput() {
        TcpSession session = record().enterToEnd();
        try {
            session.shutdownOutput();
        } finally {
            record().leave();
        }
    }

    /** Runs the task within the loan, though it may have ended when the turn of the task comes. */
    @Override
    public void execute(Runnable task) {
        TcpSession session = record().enter();
        boolean accepted = false;
        try {
            session.execute(() -> {
                try {
                    task.run();
                } finally {
                    record().leave();
                }
            });
            accepted = true;
        } finally {
            if (!accepted) {
                record().leave();
            }
        }
    }

    @Override
    public void upgrade(WireProtocol protocol, MessageHandler handler) {
        TcpSession session = record().enterToUpgrade();
        try {
            session.upgrade(protocol, handler);
        } finally {
            record().leave();
        }
    }

    @Override
    public void drain() {
        TcpSession session = record().enterToEnd();
        try {
            session.drain();
        } finally {
            record().leave();
        }
    }

    @Override
    public void close() {
        TcpSession session = record().enterToEnd();
        try {
            session.close();
        } finally {
            record().leave();
        }
    }

    @Override
    public void abort() {
        TcpSession session = record().enterToEnd();
        try {
            session.abort();
        } finally {
            record().leave();
        }
    }

    @Override
    public boolean isOpen() {
        TcpSession session = record().enter();
        try {
            return session.isOpen();
        } finally {
            record().leave();
        }
    }

    @Override
    public long queuedBytes() {
        TcpSession session = record().enter();
        try {
            return session.queuedBytes();
        } finally {
            record().leave();
        }
    }

    @Override
    public @Nullable RoundTrip roundTrip() {
        TcpSession session = record().enter();
        try {
            return session.roundTrip();
        } finally {
            record().leave();
        }
    }

    @Override
    public int missedHeartbeats() {
        TcpSession session = record().enter();
        try {
            return session.missedHeartbeats();
        } finally {
            record().leave();
        }
    }

    @Override
    public @Nullable Object attachment() {
        TcpSession session = record().enter();
        try {
            return session.attachment();
        } finally {
            record().leave();
        }
    }

    @Override
    public void attach(@Nullable Object attachment) {
        TcpSession session = record().enter();
        try {
            session.attach(attachment);
        } finally {
            record().leave();
        }
    }

    @Override
    public <T> @Nullable T attribute(AttributeKey<T> key) {
        TcpSession session = record().enter();
        try {
            return session.attribute(key);
        } finally {
            record().leave();
        }
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        TcpSession session = record().enter();
        try {
            session.attribute(key, value);
        } finally {
            record().leave();
        }
    }

    @Override
    public String toString() {
        return record().peek().toString();
    }
}
