package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.SendCompletion;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.send.Bodies;
import io.millrace.core.internal.send.FileSource;
import io.millrace.core.internal.send.SentMarker;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What an application sends on a session, but for requests. */
public abstract class SessionSends implements Session {
    /*
     * Public for speed only: javac bridges the methods of a superclass that is not, and the way from a frame to its
     * answer has no level of calls to spare (decision 14).
     */

    /** Messages up to this length, in bytes, cost less to copy than to write from where they are. */
    private static final int LARGEST_COPY_BYTES = 4 << 10;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    final IoRuntime runtime;

    SessionSends(IoRuntime runtime) {
        this.runtime = runtime;
    }

    abstract SessionLoop loop();

    @Override
    public SendResult send(ByteBuffer message) {
        loop().setup().requireNoHeartbeat(message.remaining());
        return answered(loop().lifecycle().isOpen() ? loop().sendLoop().send(message) : SendResult.CLOSED);
    }

    private SendResult answered(SendResult answer) {
        if (answer == SendResult.REFUSED) {
            loop().refused();
        }
        return answer;
    }

    @Override
    public SendResult send(ByteBuffer message, SendCompletion completion) {
        return send(message, new SentMarker(completion));
    }

    private SendResult send(ByteBuffer message, SentMarker marker) {
        loop().setup().requireNoHeartbeat(message.remaining());
        return answered(loop().lifecycle().isOpen() ? loop().sendLoop().send(message, marker) : SendResult.CLOSED);
    }

    @Override
    public CompletableFuture<Void> sendAsync(ByteBuffer message) {
        return sendAsync(message, new FutureSend(loop().sendLoop(), false));
    }

    private FutureSend sendAsync(ByteBuffer message, FutureSend future) {
        SendResult answer = send(message, future.marker());
        if (!answer.isAccepted()) {
            future.completeExceptionally(notSent(answer));
        }
        return future;
    }

    /** Says why something was not sent just now. */
    final TransportException notSent(SendResult answer) {
        return answer == SendResult.CLOSED
                ? new SessionClosedException(loop().lifecycle().reasonOr("its output was shut down"), false)
                : loop().sendLoop().refusal(remoteAddress());
    }

    @Override
    public void sendAndWait(ByteBuffer message, Duration timeout) throws TransportException {
        if (IoRuntime.mustNotBlock() || loop().isInCallback()) {
            throw new IllegalStateException("sendAndWait() would block an I/O thread, or a callback of the session that"
                    + " it waits for: use send() there, or call from another thread; " + this);
        }
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        FutureSend sent = new FutureSend(loop().sendLoop(), true);
        sendAsync(message, sent).awaitWritten(timeoutNanos, () -> {
            CloseReason reason = CloseReasons.notWritten(timeoutNanos);
            loop().abort(reason);
            return reason;
        });
    }

    @Override
    public SendResult transfer(ByteBuffer message, Runnable release) {
        if (!loop().lifecycle().isOpen()) {
            return SendResult.CLOSED;
        }
        if (message.remaining() <= LARGEST_COPY_BYTES) {
            SendResult answer = send(message);
            if (answer.isAccepted()) {
                Bodies.release(release);
            }
            return answer;
        }
        loop().sendLoop().check(message);
        int length = message.remaining();
        BufferPool budget = runtime.buffers();
        if (!budget.tryReserve(length)) {
            return answered(loop().sendLoop().refuse());
        }
        Chunk body = Bodies.of(message, release, budget);
        return sendBody(NOTHING, body, length, null, () -> budget.unreserve(length));
    }

    /** Sends a body, or has it taken back by its owner, also if the protocol's encoder throws. */
    private SendResult sendBody(
            ByteBuffer lead, Chunk body, long length, @Nullable SentMarker marker, Runnable takeBack) {
        SendResult answer = SendResult.CLOSED;
        try {
            if (loop().lifecycle().isOpen()) {
                answer = loop().sendLoop().send(lead, body, length, marker);
            }
        } finally {
            if (!answer.isAccepted()) {
                takeBack.run();
            }
        }
        return answered(answer);
    }

    @Override
    public SendResult transfer(ByteBuffer message) {
        if (message.remaining() <= LARGEST_COPY_BYTES) {
            // Written out as in send(): the way from a frame to its answer is as deep as a compiler follows by itself.
            loop().setup().requireNoHeartbeat(message.remaining());
            return answered(loop().lifecycle().isOpen() ? loop().sendLoop().send(message) : SendResult.CLOSED);
        }
        Turn turn = Turn.current();
        Turn.Lender lender = turn == null ? null : turn.lender();
        return lender == null ? send(message) : transfer(message, lender);
    }

    /** Sends on what a callback was lent, from where it lies if the lender gives it away, else as a copy. */
    private SendResult transfer(ByteBuffer message, Turn.Lender lender) {
        if (!loop().lifecycle().isOpen()) {
            return SendResult.CLOSED;
        }
        loop().sendLoop().check(message);
        int length = message.remaining();
        Chunk body = lender.tryGiveUp(message);
        if (body == null) {
            return send(message);
        }
        // Written out, and not sendBody with a lambda: that would be an object for each message.
        SendResult answer = SendResult.CLOSED;
        try {
            answer = loop().sendLoop().send(NOTHING, body, length, null);
        } finally {
            if (!answer.isAccepted()) {
                lender.takeBack();
            }
        }
        return answered(answer);
    }

    @Override
    public CompletableFuture<Void> sendFile(Path file, long offset, long length, ByteBuffer header) {
        loop().sendLoop().checkLength(header.remaining() + length);
        loop().setup().requireNoHeartbeat(header.remaining() + length);
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        try {
            FileSource body = Bodies.ofFile(file, offset, length, runtime.buffers());
            SentMarker marker = new SentMarker(failure -> FutureSend.complete(outcome, failure));
            SendResult answer = sendBody(header, body, length, marker, body::release);
            if (!answer.isAccepted()) {
                outcome.completeExceptionally(notSent(answer));
            }
        } catch (IOException e) {
            outcome.completeExceptionally(
                    e instanceof TransportException ? e : new TransportException("cannot send " + file + ": " + e, e));
        }
        return outcome;
    }
}
