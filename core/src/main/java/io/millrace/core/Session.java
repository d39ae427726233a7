package io.millrace.core;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One connection, from accept or connect to its end.
 *
 * <p>Threading: Thread-safe. What one thread sends keeps its order; messages of several threads never interleave.
 *
 * <p>Lifecycle: made by a server or a client. Ends once: by {@link #close()}, by {@link #abort()}, by the peer or by a
 * failure; closing again does nothing. {@link MessageHandler#onClose} is told last.
 *
 * <p>Ownership: messages passed in are borrowed, and copied before the call returns.
 *
 * <p>Errors: an I/O failure ends the session and is reported by its {@link CloseReason}; it is never thrown here.
 */
public interface Session {
    /**
     * Returns the number of this session.
     *
     * @return a number that no other session of the same JVM has, growing from 1
     */
    long id();

    /**
     * Returns the peer's address, also after the session has ended.
     *
     * @return the address at the other end
     */
    InetSocketAddress remoteAddress();

    /**
     * Returns this side's address, also after the session has ended.
     *
     * @return the address at this end
     */
    InetSocketAddress localAddress();

    /**
     * Queues a message for sending and returns at once. What is sent from a callback leaves in one write per session
     * when the callback's turn ends; there is no flush to forget.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @return what became of it; only {@link SendResult#REFUSED} and {@link SendResult#CLOSED} leave it unsent
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    SendResult send(ByteBuffer message);

    /**
     * Queues a message for sending, as {@link #send(ByteBuffer)} does.
     *
     * @param message borrowed: the payload
     * @return what became of it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    default SendResult send(byte[] message) {
        return send(ByteBuffer.wrap(message));
    }

    /**
     * Sends a request and pairs it with its reply. Both sides can ask where the protocol has tokens; where it has none,
     * the n-th message from the peer answers the n-th request, so whoever asks can take no messages.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long to wait for the reply; more than zero. A reply that comes later is dropped
     * @return completes on an I/O thread (or at once, if the request is refused), with a fresh copy of the reply that
     *     belongs to the caller; or with
     *     {@link RequestTimeoutException}, {@link ErrorReplyException}, {@link SessionClosedException} (which knows
     *     whether the request may have been sent), or a {@link TransportException} that says why it was not sent
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages or requests of the peer's
     */
    CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout);

    /**
     * Sends a request as {@link #request(ByteBuffer, Duration)} does, and takes its outcome without allocating.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeout how long to wait for the reply; more than zero. A reply that comes later is dropped
     * @param handler hears the outcome, once
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException if replies could not be told from messages or requests of the peer's
     */
    void request(ByteBuffer payload, Duration timeout, ReplyHandler handler);

    /**
     * Closes the session in good order and returns at once: what is queued is sent, then the end of the stream;
     * messages that still arrive are dropped; then the connection closes.
     */
    void close();

    /** Closes the connection now, without sending what is queued, and returns at once. */
    void abort();

    /**
     * Returns whether messages can be sent.
     *
     * @return false once the session is closing or has ended
     */
    boolean isOpen();

    /**
     * Returns why the session is closing or has ended.
     *
     * @return the first cause, or null while it is open
     */
    @Nullable
    CloseReason closeReason();

    /**
     * Returns how much is queued and not yet written to the connection.
     *
     * @return bytes, frames included
     */
    long queuedBytes();

    /**
     * Returns the counters of this session.
     *
     * @return a snapshot; while traffic flows it may lag behind a little
     */
    SessionStats stats();

    /**
     * Returns what the application has attached.
     *
     * @return the attachment, or null
     */
    @Nullable
    Object attachment();

    /**
     * Attaches something of the application's, in place of what was attached before.
     *
     * @param attachment anything, or null
     */
    void attach(@Nullable Object attachment);
}
