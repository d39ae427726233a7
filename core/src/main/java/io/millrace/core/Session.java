package io.millrace.core;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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
 * <p>Ownership: messages passed in are borrowed, and copied before the call returns; those of {@code transfer} alone are
 * transferred.
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
     * Queues a message for sending, as {@link #send(ByteBuffer)} does, and tells later what became of it.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @param completion hears of it, once; only if the message is accepted
     * @return what became of it so far
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    SendResult send(ByteBuffer message, SendCompletion completion);

    /**
     * Queues a message for sending, and tells by a future what became of it. Cancelling the future takes the message
     * back, as long as nothing of it is on its way; too late, it answers false and the message is sent.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @return completes when the message has been written to the connection; or fails with a
     *     {@link SessionClosedException}, which knows whether some of it was, or a {@link TransportException} that says
     *     why it was not accepted
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    CompletableFuture<Void> sendAsync(ByteBuffer message);

    /**
     * Sends a message and waits until it has been written to the connection.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @param timeout how long to wait; more than zero. A message that is not written by then is taken back; if some of
     *     it is on its way already, which leaves no other choice, the session is aborted
     * @throws TransportException if it was not written, with the reason
     * @throws IllegalArgumentException if the protocol's frames cannot carry it, or the timeout is not positive
     * @throws IllegalStateException on an I/O thread, or in a callback of this session, which must not wait
     */
    void sendAndWait(ByteBuffer message, Duration timeout) throws TransportException;

    /**
     * Queues a message for sending without copying it. Large messages gain by that; small ones are copied all the same
     * and given back at once, and so are heap buffers, a piece at a time.
     *
     * @param message transferred, if it is accepted: the payload between position and limit; nobody may touch its bytes
     *     until it is given back. Otherwise untouched and still the caller's
     * @param release gives the message back: called once, when it has been written or never will be, on any thread,
     *     perhaps before this returns; must neither block nor throw
     * @return what became of it; after {@link SendResult#REFUSED} and {@link SendResult#CLOSED} {@code release} is
     *     never called
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    SendResult transfer(ByteBuffer message, Runnable release);

    /**
     * Sends on a message that a callback has been lent, without copying it if that is possible: a large one (16 KiB
     * and more), in a callback on an I/O thread. Others are copied, as {@link #send(ByteBuffer)} does. It can be sent to
     * any session, once, and is not the callback's any more. Until it has been written it counts as queued, and the
     * memory it lies in, which it may share with other messages, counts against the group's.
     *
     * @param message borrowed by the callback that calls this: the payload between position and limit
     * @return what became of it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if it has been sent on without a copy already
     */
    SendResult transfer(ByteBuffer message);

    /**
     * Sends a region of a file as one message, or, with {@code Protocol.raw()}, as bytes of the stream. The file is
     * opened before this returns, which may block for as long as the file system takes; it is read as it is sent, off
     * the I/O threads, into two buffers of at most 64 KiB. All of it counts as queued.
     *
     * @param file what to send; must not shrink meanwhile
     * @param offset index of the region's first byte, from 0
     * @param length how many bytes, from 0 to the end of the file
     * @param header borrowed: bytes of the message in front of the region, between position and limit; may be empty
     * @return completes when all has been written to the connection; or fails, as {@link #sendAsync} does. Cancelling
     *     it does not stop the file
     * @throws IllegalArgumentException if the region is not in the file, or the protocol's frames cannot carry it
     */
    CompletableFuture<Void> sendFile(Path file, long offset, long length, ByteBuffer header);

    /**
     * Queues a message for sending, as {@link #send(ByteBuffer)} does, after a codec has made a payload of it.
     *
     * @param message the message; not needed any more when the call returns
     * @param codec what writes it
     * @param <M> what messages are to the application
     * @return what became of it
     * @throws IllegalArgumentException if the codec cannot write it, or the protocol's frames cannot carry it
     */
    default <M> SendResult send(M message, Codec<? super M> codec) {
        return send(codec.encode(message));
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
     *     whether the request may have been sent), or a {@link NotSentException} that says why it was refused.
     *     Cancelling it frees the request's place: at once where replies have tokens, otherwise when its reply, which
     *     is still to be told from the others, has come
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
     * Stops reading, so that the peer has to wait: nothing is delivered from now on, but for what a callback that is
     * running has begun. While it lasts the end of the connection is noticed only by writing.
     */
    void pauseReading();

    /**
     * Goes on reading after {@link #pauseReading()}, however often that was called. What
     * {@link #pauseReadingUntilWritable} waits for is still waited for.
     */
    void resumeReading();

    /**
     * Stops reading, as {@link #pauseReading()} does, for as long as another session is congested: the way to pass
     * messages on no faster than they leave. Call it when a send to that session was answered
     * {@link SendResult#CONGESTED} or {@link SendResult#REFUSED}; if its queue has become short since then, or was
     * never long, nothing happens. So there is nothing to race with, and nothing to do in
     * {@link MessageHandler#onWritable}.
     *
     * <p>Reading goes on by itself when the other session's queue has fallen to its low mark, or when that session has
     * ended, after its {@code onClose}; unless {@link #pauseReading()} was called too. One session may wait for several,
     * and many for one; to call this again changes nothing.
     *
     * @param target the session that messages are passed on to; made by a server or client, not necessarily the same
     * @throws IllegalArgumentException if it is a {@code Session} of the application's own making
     * @throws IllegalStateException if it was borrowed and has been given back, as a send to it would
     */
    void pauseReadingUntilWritable(Session target);

    /**
     * Ends this side of the stream behind what is queued: nothing can be sent any more, while messages are still
     * received. The session closes when the peer ends its side too.
     */
    void shutdownOutput();

    /**
     * Runs a task as one of this session's callbacks: never while another one runs, before {@code onClose}.
     *
     * @param task what to run; a throw closes the session
     * @throws java.util.concurrent.RejectedExecutionException if the session has ended, or 65,536 tasks wait already
     */
    void execute(Runnable task);

    /**
     * Speaks another protocol from here on: what is queued leaves as it was framed, and what follows the message that
     * is being delivered is taken apart in the new way. This is how a peer that asks for it (STARTTLS and its like)
     * changes over in mid-stream.
     *
     * <p>No other thread may send requests meanwhile: they might wait for a reply in the old protocol.
     *
     * @param protocol the new {@code Protocol}
     * @param handler takes its messages, and {@code onClose}; its {@code onOpen} is not called
     * @throws IllegalStateException outside of this session's own callbacks, with handlers on an executor, inside a
     *     frame, or while requests wait for replies
     */
    void upgrade(WireProtocol protocol, MessageHandler handler);

    /**
     * Ends the session without cutting anything short, and returns at once: requests that are in flight, either way,
     * are finished, and the peer is told where the protocol can; whatever it asks from now on is answered with
     * {@link ErrorCode#DRAINING}. Then the session closes as {@link #close()} does. There is no deadline.
     */
    void drain();

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
     * Tells when the session has ended.
     *
     * @return completes with the reason after {@code onClose}, on an I/O thread; at once if that has been
     */
    CompletableFuture<CloseReason> closed();

    /**
     * Returns how much is queued and not yet written to the connection.
     *
     * @return bytes, frames included
     */
    long queuedBytes();

    /**
     * Returns how long pings took that the peer has answered. Where the peer is busy that includes the time until it
     * came to read the ping, and on both sides what was queued before.
     *
     * @return the times up to now; null if no ping was answered, or heartbeats are off or are no pings
     * @see HeartbeatConfig
     */
    @Nullable
    RoundTrip roundTrip();

    /**
     * Returns how many heartbeats in a row the peer has missed up to now. Any byte that is received makes it 0 again.
     *
     * @return a count below {@link HeartbeatConfig#maxMissed}, or that when it has just closed the session; 0 if
     *     heartbeats are off
     * @see HeartbeatConfig
     */
    int missedHeartbeats();

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

    /**
     * Returns an attribute.
     *
     * @param key which
     * @param <T> what it holds
     * @return its value, or null if it was not set
     */
    <T> @Nullable T attribute(AttributeKey<T> key);

    /**
     * Sets an attribute, or removes it.
     *
     * @param key which
     * @param value its value, or null to remove it
     * @param <T> what it holds
     */
    <T> void attribute(AttributeKey<T> key, @Nullable T value);
}
