package io.millrace.core.internal.send;

import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.Chunk;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;

/** Takes what a session sends: frames it, queues it as far as marks and memory allow, and sees to it that it leaves. */
public final class SendLoop implements Turn.Flushable {
    /*
     *      send ---> Watermarks: may it be queued? ---> SendQueue ---> ChannelWriter ---> channel
     *                                                    (one lock guards all three)
     *
     * Payloads are borrowed: they are copied, or refused, before a call returns.
     *
     * What is sent in a turn leaves when the turn ends, in one write; what is sent elsewhere leaves at once, or rides
     * along with the write that is in flight.
     */

    private final ChannelWriter writer;
    private final Sender sender;
    private final SendQueue queue;

    // Guarded by the queue.
    private boolean congestionUntold;
    private @Nullable Turn touchedBy;
    private long acceptedBytes;
    private long acceptedMessages;
    private long removedBytes;

    // Written under the queue's lock; read by anyone.
    private volatile FrameEncoder encoder;

    /**
     * Reserves what writing needs for as long as the session lives, or fails at once.
     *
     * @param channel where to write; nobody else does
     * @param encoder how messages are framed, until {@link #switchTo}
     * @param runtime the group
     * @param config marks, limits and deadlines
     * @param sender the session
     * @throws TransportException if the group has no operation context left
     */
    public SendLoop(
            AsynchronousSocketChannel channel,
            FrameEncoder encoder,
            IoRuntime runtime,
            SessionConfig config,
            Sender sender)
            throws TransportException {
        this.writer = new ChannelWriter(channel, runtime, config, sender);
        this.queue = writer.queue();
        this.sender = sender;
        this.encoder = encoder;
    }

    /** Queues a message; if it is accepted it leaves when this turn ends, or at once when there is no turn. */
    public SendResult send(ByteBuffer payload) {
        return send(FrameKind.MESSAGE, payload, null);
    }

    /**
     * Queues a request, as {@link #send(ByteBuffer)} does a message.
     *
     * @param request what waits for the reply
     */
    public SendResult request(FrameKind kind, ByteBuffer payload, QueuedRequest request) {
        return send(kind, payload, request);
    }

    private SendResult send(FrameKind kind, ByteBuffer payload, @Nullable QueuedRequest request) {
        encoder.check(payload);
        Turn turn = Turn.current();
        SendResult answer;
        boolean firstInTurn;
        boolean congests;
        synchronized (queue) {
            answer = append(kind, request == null ? 0 : request.token(), payload, request);
            firstInTurn = answer.isAccepted() && touchBy(turn);
            congests = takeCongestion();
        }
        if (congests) {
            sender.sendQueueCongested();
        }
        if (answer.isAccepted()) {
            flushAfter(turn, firstInTurn);
        }
        return answer;
    }

    /**
     * Queues a message whose sender wants to know what becomes of it.
     *
     * @param marker whom to tell
     */
    public SendResult send(ByteBuffer payload, SentMarker marker) {
        encoder.check(payload);
        SendResult answer;
        synchronized (queue) {
            answer = admit(FrameKind.MESSAGE, payload.remaining());
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder, FrameKind.MESSAGE, payload, marker, acceptedBytes);
                answer = appended ? accepted(marker.frameLength()) : refused();
            }
        }
        return settle(answer);
    }

    /**
     * Queues a message of which all but the first bytes are sent from where they are.
     *
     * @param lead borrowed: the first bytes of the payload; may be empty
     * @param body the rest; taken over if it is accepted
     * @param bodyLength how many bytes the body has
     * @param marker whom to tell what becomes of it, or null
     */
    public SendResult send(ByteBuffer lead, Chunk body, long bodyLength, @Nullable SentMarker marker) {
        SendResult answer;
        synchronized (queue) {
            long before = queue.queuedBytes();
            answer = admit(FrameKind.MESSAGE, lead.remaining() + bodyLength);
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder, FrameKind.MESSAGE, 0, lead, body, bodyLength);
                if (appended && marker != null) {
                    queue.append(marker, acceptedBytes);
                }
                if (appended && body instanceof FileSource) {
                    writer.expectFiles();
                }
                answer = appended ? accepted(queue.queuedBytes() - before) : refused();
            }
        }
        return settle(answer);
    }

    private SendResult settle(SendResult answer) {
        tellCongestion();
        if (answer.isAccepted()) {
            flushQueued();
        }
        return answer;
    }

    /** Guarded by the queue. */
    private boolean takeCongestion() {
        boolean news = congestionUntold;
        congestionUntold = false;
        return news;
    }

    private void tellCongestion() {
        boolean congests;
        synchronized (queue) {
            congests = takeCongestion();
        }
        if (congests) {
            sender.sendQueueCongested();
        }
    }

    /**
     * Takes back a message of which nothing is on its way.
     *
     * @param marker its end
     * @return false if it is too late
     */
    public boolean tryRemove(SentMarker marker) {
        Chunk removed;
        boolean relieved;
        synchronized (queue) {
            removed = queue.tryRemove(marker);
            if (removed == null) {
                return false;
            }
            // Counted as passed, so that a message behind it is never called unwritten when it is not.
            removedBytes += marker.frameLength();
            relieved = writer.relieve();
        }
        for (Chunk chunk = removed; chunk != null && chunk != marker; ) {
            Chunk following = chunk.next;
            chunk.release();
            chunk = following;
        }
        if (relieved) {
            sender.sendQueueRelieved();
        }
        writer.finishIfDrained();
        return true;
    }

    /** Queues a frame that has been checked; {@link #flushQueued()} must follow. */
    public SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        SendResult answer;
        synchronized (queue) {
            answer = append(kind, token, payload, null);
        }
        tellCongestion();
        return answer;
    }

    /**
     * Queues a message that other sessions get too; {@link #flushQueued()} or {@link #flush()} must follow.
     *
     * @throws IllegalArgumentException if these frames cannot carry it, though those of other sessions may
     */
    public SendResult queue(SharedMessage message) {
        SendResult answer;
        boolean congests;
        synchronized (queue) {
            long before = queue.queuedBytes();
            answer = admit(FrameKind.MESSAGE, message.payloadLength());
            if (answer.isAccepted()) {
                boolean appended = message.tryAppendTo(queue, encoder);
                answer = appended ? accepted(queue.queuedBytes() - before) : refused();
            }
            congests = takeCongestion();
        }
        if (congests) {
            sender.sendQueueCongested();
        }
        return answer;
    }

    /** Refuses a message that others get too, once for all whose frames are the same. */
    public void check(SharedMessage message) {
        message.check(encoder);
    }

    /**
     * Refuses what the frame cannot carry.
     *
     * @throws IllegalArgumentException if it cannot
     */
    public void check(ByteBuffer payload) {
        encoder.check(payload);
    }

    /**
     * Refuses a payload that no frame can carry without looking at it.
     *
     * @param payloadLength its length in bytes
     * @throws IllegalArgumentException if none can
     */
    public void checkLength(long payloadLength) {
        encoder.checkLength(payloadLength);
    }

    /**
     * Frames what is queued from now on in another way.
     *
     * @param newEncoder how
     */
    public void switchTo(FrameEncoder newEncoder) {
        synchronized (queue) {
            encoder = newEncoder;
        }
    }

    /** Sees to it that what was queued leaves: when this turn ends, or at once when there is no turn. */
    public void flushQueued() {
        Turn turn = Turn.current();
        boolean firstInTurn;
        synchronized (queue) {
            firstInTurn = touchBy(turn);
        }
        flushAfter(turn, firstInTurn);
    }

    /** Guarded by the queue. Returns whether this turn does not know yet that there is something to flush. */
    private boolean touchBy(@Nullable Turn turn) {
        boolean first = touchedBy != turn;
        touchedBy = turn;
        return first;
    }

    private void flushAfter(@Nullable Turn turn, boolean firstInTurn) {
        if (turn == null) {
            writer.flush();
        } else if (firstInTurn) {
            turn.touch(this);
        }
    }

    @Override
    public void flush() {
        synchronized (queue) {
            touchedBy = null;
        }
        writer.flush();
    }

    /** Guarded by the queue. */
    private SendResult append(FrameKind kind, long token, ByteBuffer payload, @Nullable QueuedRequest request) {
        SendResult answer = admit(kind, payload.remaining());
        if (!answer.isAccepted()) {
            return answer;
        }
        long before = queue.queuedBytes();
        boolean appended = Watermarks.isControl(kind)
                ? queue.tryAppendUrgent(encoder, kind, token, payload)
                : queue.tryAppend(encoder, kind, token, payload);
        if (!appended) {
            return refused();
        }
        if (request != null) {
            request.accepted(acceptedBytes);
        }
        return accepted(queue.queuedBytes() - before);
    }

    /** Guarded by the queue. */
    private SendResult admit(FrameKind kind, long payloadLength) {
        if (writer.isClosed()) {
            return SendResult.CLOSED;
        }
        long queued = queue.queuedBytes();
        boolean full = Watermarks.isFull(writer.config(), writer.buffers(), kind, payloadLength, queued);
        return full ? refused() : SendResult.ACCEPTED;
    }

    /** Guarded by the queue. */
    private SendResult refused() {
        // Whoever was refused may be waiting for the queue's relief, which comes only to those who are congested.
        if (!queue.isEmpty()) {
            congestionUntold |= writer.congest();
        }
        return SendResult.REFUSED;
    }

    /** Guarded by the queue. */
    private SendResult accepted(long frameLength) {
        acceptedBytes += frameLength;
        acceptedMessages++;
        if (Watermarks.isHigh(writer.config(), writer.buffers(), queue.queuedBytes())) {
            congestionUntold |= writer.congest();
            return SendResult.CONGESTED;
        }
        return SendResult.ACCEPTED;
    }

    /**
     * Refuses a message for a reason of the caller's, such as memory that is not the queue's.
     *
     * @return what its sender is told
     */
    public SendResult refuse() {
        SendResult answer;
        synchronized (queue) {
            answer = refused();
        }
        tellCongestion();
        return answer;
    }

    /** Refuses further messages; the end of the stream follows the last one. */
    public void finish() {
        writer.finish();
    }

    /** {@return whether the end of the stream has been sent} */
    public boolean isOutputFinished() {
        return writer.isOutputFinished();
    }

    /**
     * Stops for good, once the channel has been closed.
     *
     * @return true if no operation is in flight; otherwise {@link Sender#writesStopped} follows
     */
    public boolean stop() {
        return writer.stop();
    }

    /**
     * Gives everything back. Stopped, and no operation may be in flight.
     *
     * @return the ends of messages that were not written, or null; their senders are to be told
     */
    public @Nullable Chunk release() {
        return SentMarker.releaseOthers(writer.release());
    }

    /** {@return whether senders should slow down} */
    public boolean isCongested() {
        return writer.isCongested();
    }

    /**
     * Says why something was refused just now, and what to do.
     *
     * @param peer whom to name
     * @return the exception for whoever was refused
     */
    public TransportException refusal(Object peer) {
        return Watermarks.refusal(writer.config(), writer.buffers(), queuedBytes(), peer);
    }

    /** {@return how much is queued and not written} */
    public long queuedBytes() {
        synchronized (queue) {
            return queue.queuedBytes();
        }
    }

    /**
     * Returns up to where in the stream of accepted bytes something may have been written.
     *
     * @return an offset as {@link QueuedRequest#accepted} is told
     */
    public long passedBytes() {
        synchronized (queue) {
            return writer.writtenBytes() + removedBytes;
        }
    }

    /** {@return how much has been written} */
    public long writtenBytes() {
        synchronized (queue) {
            return writer.writtenBytes();
        }
    }

    /** {@return when something was last written, if the configuration watches for that} */
    public long lastWriteNanos() {
        return writer.lastWriteNanos();
    }

    /** {@return how many frames have been accepted} */
    public long acceptedMessages() {
        synchronized (queue) {
            return acceptedMessages;
        }
    }
}
