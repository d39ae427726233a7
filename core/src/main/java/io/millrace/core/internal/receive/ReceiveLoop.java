package io.millrace.core.internal.receive;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.IoContextPool;
import io.millrace.core.observe.WireLog;
import io.millrace.core.protocol.FrameDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a channel and finds the frames in what arrives. */
public final class ReceiveLoop extends ReceiveBuffer {
    /*
     *                     measure
     *     between frames ---------> ASSEMBLING: all of it is there? deliver it whole
     *          ^             |
     *          |             +----> inParts:    header | payload, delivered as it arrives | trailer
     *          |             |
     *          |             +----> skipping:   too long for us: dropped as it arrives
     *          +-- its last byte ------+
     *
     * Between frames `frameLength` is UNKNOWN. While one is assembled it is that of the frame; while it is skipped, or
     * delivered in parts, it counts what is still to come of it.
     *
     * All of it is confined to the session's steps, with one exception: the completion of a read writes `result` and
     * `failure` and then signals the session, whose next step reads them. One read is in flight at most.
     */

    private static final Logger log = LoggerFactory.getLogger(ReceiveLoop.class);
    private static final ReadHandler READ_HANDLER = new ReadHandler();
    private static final int END_OF_STREAM = -1;

    private final AsynchronousSocketChannel channel;
    private final IoContextPool contexts;
    private final Receiver receiver;
    private final IoContext context;

    // Confined to the session's steps.
    private FrameDecoder decoder;
    private int frameLength = FrameDecoder.UNKNOWN;
    private boolean skipping;
    private boolean inParts;
    /** In parts: what is still to come of the bytes in front of the payload. */
    private int headBytesLeft;
    /** In parts: what is still to come of the payload; -1 once its last part has been delivered. */
    private int payloadBytesLeft;

    private boolean reading;

    // Written by the session's steps, read by anyone.
    private volatile boolean endOfStream;

    // Written by the completion before it signals, read by the step that follows.
    private int result;
    private @Nullable Throwable failure;

    // Confined to the session's steps; others read them as they happen to see them.
    private long receivedBytes;
    private long receivedMessages;
    private int skippedFrames;

    /**
     * Reserves what reading needs for as long as the session lives, or fails at once.
     *
     * @param channel what to read; nobody else does
     * @param decoder how frames are found, until {@link #switchTo}
     * @param buffers the group's memory
     * @param contexts the group's operation state
     * @param receiver the session
     * @throws TransportException if the group has no context or no memory left
     */
    public ReceiveLoop(
            AsynchronousSocketChannel channel,
            FrameDecoder decoder,
            BufferPool buffers,
            IoContextPool contexts,
            Receiver receiver)
            throws TransportException {
        super(buffers);
        this.channel = channel;
        this.decoder = decoder;
        this.contexts = contexts;
        this.receiver = receiver;
        IoContext leased = contexts.tryAcquire(this);
        if (leased == null) {
            releaseBuffer();
            throw new TransportException("no operation context left: raise maxSessions of the group");
        }
        this.context = leased;
    }

    /**
     * Starts with bytes that were read before; they are delivered before anything is read.
     *
     * @param bytes borrowed: no more than the smallest buffer holds; taken to the limit
     */
    public void prefill(ByteBuffer bytes) {
        int count = bytes.remaining();
        current.buffer().put(bytes);
        receivedBytes += count;
        WireLog.read(receiver, current.buffer(), count);
    }

    /** Starts a read unless one is in flight or there is nothing more to read. */
    public void read() {
        if (reading || endOfStream) {
            return;
        }
        reading = true;
        context.begin();
        try {
            channel.read(current.buffer(), context, READ_HANDLER);
        } catch (Throwable notStarted) {
            // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
            completed(END_OF_STREAM, notStarted);
        }
    }

    private void completed(int bytes, @Nullable Throwable cause) {
        context.complete();
        result = bytes;
        failure = cause;
        receiver.readCompleted();
    }

    /**
     * Takes in what the read has brought.
     *
     * @return why the read failed, or null
     */
    public @Nullable Throwable takeResult() {
        reading = false;
        if (failure != null) {
            endOfStream = true;
            return failure;
        }
        if (result == END_OF_STREAM) {
            endOfStream = true;
        } else {
            receivedBytes += result;
            WireLog.read(receiver, current.buffer(), result);
            adaptTo(result, frameLength >= Loan.LARGE_FRAME_BYTES);
        }
        return null;
    }

    /**
     * Delivers every whole frame that has arrived, as long as the receiver takes them.
     *
     * @return false if the receiver was not willing, so that there may be more
     * @throws MalformedFrameException if what has arrived is no frame
     */
    public boolean deliverFrames() throws MalformedFrameException {
        // The end is looked up each time: a callback may have given the buffer away.
        int end;
        while (start < (end = current.buffer().position())) {
            if (!receiver.mayDeliver()) {
                return false;
            }
            if (!tryDeliver(end)) {
                return true;
            }
        }
        return true;
    }

    /** Delivers the next frame, or what there is of it; false if nothing more can be done until more has arrived. */
    private boolean tryDeliver(int end) throws MalformedFrameException {
        int length = frameLength == FrameDecoder.UNKNOWN ? measure(end) : frameLength;
        if (skipping) {
            skip(end);
        } else if (inParts) {
            deliverPart(end);
        } else if (length == FrameDecoder.UNKNOWN || end - start < length) {
            return false;
        } else {
            int frameStart = start;
            int from = frameStart + decoder.payloadOffset();
            start += length;
            frameLength = FrameDecoder.UNKNOWN;
            receivedMessages++;
            ByteBuffer payload = current.view(from, from + decoder.payloadLength());
            if (length >= Loan.LARGE_FRAME_BYTES) {
                deliverLarge(payload, frameStart);
            } else {
                receiver.deliver(decoder.kind(), decoder.token(), payload);
            }
        }
        return true;
    }

    /** Looks how long the next frame is, and what is to be done with it. */
    private int measure(int end) throws MalformedFrameException {
        int length = decoder.frameLength(current.view(start, end));
        frameLength = length;
        if (length == FrameDecoder.UNKNOWN) {
            return length;
        }
        int payloadLength = decoder.payloadLength();
        skipping = payloadLength == FrameDecoder.TOO_LONG;
        requireSense(length, decoder.payloadOffset(), skipping ? 0 : payloadLength);
        if (skipping) {
            receiver.tooLong(decoder.kind(), decoder.token());
        } else if (receiver.takesParts(decoder.kind())) {
            inParts = true;
            headBytesLeft = decoder.payloadOffset();
            payloadBytesLeft = payloadLength;
        }
        return length;
    }

    /** A decoder that a user has written may be wrong; without this the loop might spin, or lend foreign bytes. */
    private static void requireSense(int frameLength, int payloadOffset, int payloadLength) {
        if (frameLength < 0 || payloadOffset < 0 || payloadLength < 0 || payloadLength > frameLength - payloadOffset) {
            throw new IllegalStateException("the decoder answered a frame of " + frameLength + " bytes with "
                    + payloadLength + " bytes of payload at " + payloadOffset);
        }
    }

    /** Drops what has arrived of a frame that is too long. */
    private void skip(int end) {
        pass(Math.min(frameLength, end - start));
        skipping = frameLength > 0;
        skippedFrames += skipping ? 0 : 1;
    }

    /** Leaves bytes of the frame behind. */
    private void pass(int bytes) {
        start += bytes;
        frameLength -= bytes;
    }

    /** Delivers what has arrived of a frame that is taken in parts. */
    private void deliverPart(int end) {
        int head = Math.min(headBytesLeft, end - start);
        headBytesLeft -= head;
        pass(head);
        if (headBytesLeft > 0) {
            return;
        }
        if (payloadBytesLeft >= 0) {
            int from = start;
            int part = Math.min(payloadBytesLeft, end - start);
            int remaining = payloadBytesLeft - part;
            pass(part);
            // Once the last part is told, which may be an empty one, only the trailer is left.
            payloadBytesLeft = remaining == 0 ? -1 : remaining;
            endFrameInParts(end);
            if (part > 0 || remaining == 0) {
                receiver.deliverPart(current.view(from, from + part), remaining);
            }
        } else {
            endFrameInParts(end);
        }
    }

    /** Drops what has arrived of the trailer, if the payload is complete. */
    private void endFrameInParts(int end) {
        if (payloadBytesLeft < 0) {
            pass(Math.min(frameLength, end - start));
            inParts = frameLength > 0;
            receivedMessages += inParts ? 0 : 1;
        }
    }

    /** Delivers a frame that may be sent on from where it lies. A short one may not: it costs less to copy. */
    private void deliverLarge(ByteBuffer payload, int frameStart) {
        Loan loan = loan();
        loan.bursts.noteLargeFrame();
        Turn turn = Turn.current();
        if (turn == null || !Loan.isWorth(start - frameStart, current.capacity())) {
            receiver.deliver(decoder.kind(), decoder.token(), payload);
            return;
        }
        loan.lend(payload, frameStart, start);
        turn.lend(loan);
        try {
            receiver.deliver(decoder.kind(), decoder.token(), payload);
        } finally {
            turn.lend(null);
            loan.end();
        }
    }

    /**
     * Finds frames in another way from here on. Between two frames only.
     *
     * @param newDecoder how
     */
    public void switchTo(FrameDecoder newDecoder) {
        if (frameLength != FrameDecoder.UNKNOWN) {
            throw new IllegalStateException("the protocol can change between two frames only, and " + frameLength
                    + " bytes of one are still to come");
        }
        decoder = newDecoder;
    }

    /** Memory follows the bytes received, never the bytes declared. */
    @Override
    int wantedBytes(int buffered) {
        // The buffer doubles, so each byte is copied once on average.
        int soon = Math.max(TURN_BYTES, 2 * buffered);
        if (frameLength != FrameDecoder.UNKNOWN) {
            return Math.min(frameLength, skipping || inParts ? TURN_BYTES : soon);
        }
        return buffered < current.capacity() ? buffered + 1 : Math.min(soon, 2 * buffered);
    }

    /** {@return whether the stream stands inside a frame, so that its end here would cut one} */
    public boolean isInsideFrame() {
        return skipping || inParts || bufferedBytes() > 0;
    }

    /**
     * Returns the length of the frame that has begun to arrive.
     *
     * @return bytes, or {@link FrameDecoder#UNKNOWN}
     */
    public int frameLength() {
        return frameLength;
    }

    /** {@return whether a read is in flight} */
    public boolean isReading() {
        return reading;
    }

    /** {@return whether nothing more can be read} */
    public boolean isEndOfStream() {
        return endOfStream;
    }

    /** {@return how much has been read} */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** {@return how many frames have been delivered} */
    public long receivedMessages() {
        return receivedMessages;
    }

    /** {@return how many frames have been received to their end} */
    public long receivedFrames() {
        return receivedMessages + skippedFrames;
    }

    /** Gives everything back. No read may be in flight. */
    public void release() {
        contexts.release(context);
        releaseBuffer();
    }

    private static final class ReadHandler implements CompletionHandler<Integer, IoContext> {
        @Override
        public void completed(Integer bytes, IoContext context) {
            finish(context, bytes, null);
        }

        @Override
        public void failed(Throwable cause, IoContext context) {
            finish(context, END_OF_STREAM, cause);
        }

        private static void finish(IoContext context, int bytes, @Nullable Throwable cause) {
            try {
                context.owner(ReceiveLoop.class).completed(bytes, cause);
            } catch (Throwable broken) {
                log.error("read completion could not be handled", broken);
            }
        }
    }
}
