package io.millrace.core.internal.send;

import io.millrace.core.NotSentException;
import io.millrace.core.SendResult;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;

/** Decides what a session may queue, counts what it has queued, and tells when that has become too much. */
abstract class SendIntake {
    /*
     * Marks and limits are those of Watermarks; this asks them, under the queue's lock, before and after a frame is
     * appended. That the queue has become congested is noted there and told outside the lock, because whoever hears of
     * it may call anything: nobody else is told meanwhile, for taking the news is what clears it.
     *
     * Two counts are offsets in the stream of all frames ever accepted. What waits for a reply remembers
     * acceptedBytes; by passedBytes it is known later whether its request can have been written. A message that was
     * taken back counts as passed, so that one behind it is never called unwritten when it is not.
     */

    final ChannelWriter writer;
    final SendQueue queue;
    private final Sender sender;

    // Guarded by the queue.
    private boolean congestionUntold;
    private long acceptedBytes;
    private long acceptedMessages;
    private long removedBytes;

    // Written under the queue's lock; read by anyone.
    private volatile FrameEncoder encoder;

    SendIntake(ChannelWriter writer, FrameEncoder encoder, Sender sender) {
        this.writer = writer;
        this.queue = writer.queue();
        this.encoder = encoder;
        this.sender = sender;
    }

    final FrameEncoder encoder() {
        return encoder;
    }

    final Sender sender() {
        return sender;
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

    /** Says whether a frame may be appended. Guarded by the queue. */
    final SendResult admit(FrameKind kind, long payloadLength) {
        if (writer.isClosed()) {
            return SendResult.CLOSED;
        }
        long queued = queue.queuedBytes();
        boolean full = Watermarks.isFull(writer.config(), writer.buffers(), kind, payloadLength, queued);
        return full ? refused() : SendResult.ACCEPTED;
    }

    /** Counts a frame that has been appended. Guarded by the queue. */
    final SendResult accepted(long frameLength) {
        return count(frameLength, 1);
    }

    /** Counts frames, or takes them out of the count again. Guarded by the queue. */
    final SendResult count(long bytes, int frames) {
        acceptedBytes += bytes;
        acceptedMessages += frames;
        if (Watermarks.isHigh(writer.config(), writer.buffers(), queue.queuedBytes())) {
            congestionUntold |= writer.congest();
            return SendResult.CONGESTED;
        }
        return SendResult.ACCEPTED;
    }

    /** Returns how many bytes may be queued without a question to the marks; below 0 if none. Guarded by the queue. */
    final long roomBelowMarks() {
        boolean mustAsk = writer.isClosed() || writer.buffers().isScarce();
        return mustAsk ? -1 : writer.config().sendHighMark() - queue.queuedBytes();
    }

    /** Notes that a frame found no room. Guarded by the queue. */
    final SendResult refused() {
        // Whoever was refused may be waiting for the queue's relief, which comes only to those who are congested.
        if (!queue.isEmpty()) {
            congestionUntold |= writer.congest();
        }
        return SendResult.REFUSED;
    }

    /** Counts a frame that has been taken back. Guarded by the queue. */
    final void removed(long frameLength) {
        removedBytes += frameLength;
    }

    /** Returns where in the stream the next frame begins. Guarded by the queue. */
    final long acceptedBytes() {
        return acceptedBytes;
    }

    /** Returns whether it has to be told that the queue is congested now; whoever is told so tells. Guarded by the queue. */
    final boolean takeCongestion() {
        boolean news = congestionUntold;
        congestionUntold = false;
        return news;
    }

    /** Tells that the queue is congested now, if that is news. */
    final void tellCongestion() {
        boolean congests;
        synchronized (queue) {
            congests = takeCongestion();
        }
        if (congests) {
            sender.sendQueueCongested();
        }
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

    /**
     * Says why something was refused just now, and what to do.
     *
     * @param peer whom to name
     * @return the exception for whoever was refused
     */
    public NotSentException refusal(Object peer) {
        return Watermarks.refusal(writer.config(), writer.buffers(), queuedBytes(), peer);
    }

    /** {@return whether senders should slow down} */
    public boolean isCongested() {
        return writer.isCongested();
    }

    /** {@return how much is queued and not written} */
    public long queuedBytes() {
        synchronized (queue) {
            return queue.queuedBytes();
        }
    }

    /** {@return how many frames have been accepted} */
    public long acceptedMessages() {
        synchronized (queue) {
            return acceptedMessages;
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
}
