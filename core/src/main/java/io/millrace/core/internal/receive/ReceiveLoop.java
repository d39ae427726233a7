package io.millrace.core.internal.receive;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.IoContextPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.observe.WireLog;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a channel and finds the frames in what arrives. */
public final class ReceiveLoop implements Turn.Lender {
    /*
     * One buffer holds what has arrived and is not yet delivered:
     *
     *      0        start                    end = buffer.position()          capacity
     *      | delivered | frames, the last perhaps cut |  room for the next read  |
     *
     * It starts small, grows while reads fill it, and shrinks when they do not. A frame that does not fit is
     * assembled by growing further: never by what the frame declares, only by what has arrived of it, doubling. When
     * it has been delivered a buffer of ordinary size takes over. A frame that is delivered in parts, or skipped, is
     * not assembled; then `frameLength` counts what is still to come of it.
     *
     * The buffer can be given away with the frames in it: to a batch of the application's executor (giveUp), or, by a
     * callback, to the send queue of any session (tryGiveUp, then given or takeBack). Another one takes over what has
     * arrived behind the frames.
     *
     * All of it is confined to the session's steps, with one exception: the completion of a read writes `result` and
     * `failure` and then signals the session, whose next step reads them. One read is in flight at most.
     */

    /** What the loop needs of its session. */
    public interface Receiver {
        /** Hears that the read in flight has completed, on whatever thread. */
        void readCompleted();

        /**
         * Returns whether the next frame may be delivered now.
         *
         * @return false to keep it until later
         */
        boolean mayDeliver();

        /**
         * Returns whether frames of a kind are delivered in parts.
         *
         * @param kind what the frame is for
         * @return true if {@link #deliverPart} takes them
         */
        boolean takesParts(FrameKind kind);

        /**
         * Takes a frame.
         *
         * @param kind what it is for
         * @param token its token
         * @param payload borrowed
         */
        void deliver(FrameKind kind, long token, ByteBuffer payload);

        /**
         * Takes a part of a frame.
         *
         * @param part borrowed
         * @param remaining how many bytes of the frame's payload are still to come
         */
        void deliverPart(ByteBuffer part, int remaining);

        /**
         * Hears of a frame that is too long to be taken in, and is discarded as it arrives.
         *
         * @param kind what it is for
         * @param token its token
         */
        void tooLong(FrameKind kind, long token);
    }

    /** The most that one turn reads, in bytes, unless a larger frame is being assembled. */
    public static final int TURN_BYTES = 64 << 10;

    private static final Logger log = LoggerFactory.getLogger(ReceiveLoop.class);
    private static final ReadHandler READ_HANDLER = new ReadHandler();
    private static final int GROWTH = 4;
    private static final int END_OF_STREAM = -1;

    private final AsynchronousSocketChannel channel;
    private final BufferPool buffers;
    private final IoContextPool contexts;
    private final Receiver receiver;
    private final IoContext context;

    // Confined to the session's steps.
    private FrameDecoder decoder;
    private PooledBuffer current;
    private @Nullable PooledBuffer replacement;
    private @Nullable ByteBuffer lent;
    private int start;
    private int frameLength = FrameDecoder.UNKNOWN;
    private boolean skipping;
    private boolean inParts;
    private int headBytesLeft;
    private int payloadBytesLeft;
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    private boolean filled;
    private boolean reading;
    private int discardedBytes;

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
        this.channel = channel;
        this.decoder = decoder;
        this.buffers = buffers;
        this.contexts = contexts;
        this.receiver = receiver;
        IoContext leased = contexts.tryAcquire(this);
        if (leased == null) {
            throw new TransportException("no operation context left: raise maxSessions of the group");
        }
        PooledBuffer first = buffers.tryAcquire(BufferPool.SMALLEST_BYTES);
        if (first == null) {
            contexts.release(leased);
            throw new TransportException("no receive buffer left: raise bufferMemory of the group");
        }
        this.context = leased;
        this.current = first;
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
            adaptTo(result);
        }
        return null;
    }

    /**
     * Chooses the size of the next read's buffer: more when this one was filled, and soon less when it was not, for
     * the next read may be in flight for hours. What comes after a full buffer is the rest of a burst; the next one
     * should fit.
     */
    private void adaptTo(int bytesRead) {
        boolean isRest = filled;
        filled = !current.buffer().hasRemaining();
        if (filled) {
            usualBytes = Math.min(usualBytes * GROWTH, TURN_BYTES);
        } else if (bytesRead < usualBytes / (GROWTH * 2)) {
            int burst = isRest ? usualBytes / GROWTH + bytesRead : 2 * bytesRead;
            usualBytes = Math.max(burst, BufferPool.SMALLEST_BYTES);
        }
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
            if (frameLength == FrameDecoder.UNKNOWN) {
                measure(end);
            }
            if (skipping) {
                skip(end);
            } else if (inParts) {
                deliverPart(end);
            } else if (frameLength == FrameDecoder.UNKNOWN || end - start < frameLength) {
                return true;
            } else {
                deliverFrame();
            }
        }
        return true;
    }

    private void measure(int end) throws MalformedFrameException {
        frameLength = decoder.frameLength(current.view(start, end));
        if (frameLength == FrameDecoder.UNKNOWN) {
            return;
        }
        int payloadLength = decoder.payloadLength();
        skipping = payloadLength == FrameDecoder.TOO_LONG;
        requireSense(frameLength, decoder.payloadOffset(), skipping ? 0 : payloadLength);
        if (skipping) {
            receiver.tooLong(decoder.kind(), decoder.token());
        } else if (receiver.takesParts(decoder.kind())) {
            inParts = true;
            headBytesLeft = decoder.payloadOffset();
            payloadBytesLeft = payloadLength;
        }
    }

    /** A decoder that a user has written may be wrong; without this the loop might spin, or lend foreign bytes. */
    private static void requireSense(int frameLength, int payloadOffset, int payloadLength) {
        if (frameLength < 0 || payloadOffset < 0 || payloadLength < 0 || payloadLength > frameLength - payloadOffset) {
            throw new IllegalStateException("the decoder answered a frame of " + frameLength + " bytes with "
                    + payloadLength + " bytes of payload at " + payloadOffset);
        }
    }

    private void skip(int end) {
        pass(Math.min(frameLength, end - start));
        skipping = frameLength > 0;
        skippedFrames += skipping ? 0 : 1;
    }

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

    private void endFrameInParts(int end) {
        if (payloadBytesLeft < 0) {
            pass(Math.min(frameLength, end - start));
            inParts = frameLength > 0;
            receivedMessages += inParts ? 0 : 1;
        }
    }

    private void deliverFrame() {
        int offset = decoder.payloadOffset();
        int length = decoder.payloadLength();
        requireSense(frameLength, offset, length);
        int from = start + offset;
        start += frameLength;
        frameLength = FrameDecoder.UNKNOWN;
        receivedMessages++;
        ByteBuffer payload = current.view(from, from + length);
        Turn turn = isAssembly(current) ? Turn.current() : null;
        if (turn == null) {
            receiver.deliver(decoder.kind(), decoder.token(), payload);
        } else {
            lent = payload;
            turn.lend(this);
            receiver.deliver(decoder.kind(), decoder.token(), payload);
            turn.lend(null);
            lent = null;
            replacement = null;
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very window that was lent, not one with the same bytes
    public @Nullable PooledBuffer tryGiveUp(ByteBuffer message) {
        if (message != lent) {
            return null;
        }
        if (replacement != null) {
            throw new IllegalStateException("this message has been transferred already, and its memory is somebody"
                    + " else's: transfer it once, last of all");
        }
        PooledBuffer rest = copyOfRest();
        if (rest == null) {
            return null;
        }
        PooledBuffer given = current;
        given.buffer().limit(message.limit()).position(message.position());
        given.sealed = true;
        replacement = rest;
        return given;
    }

    @Override
    public void given() {
        PooledBuffer rest = replacement;
        if (rest != null) {
            // It stays the replacement until the callback returns: so a second transfer can be told from the first.
            current = rest;
            start = 0;
        }
    }

    @Override
    public void takeBack() {
        PooledBuffer rest = replacement;
        if (rest != null) {
            current.sealed = false;
            current.buffer()
                    .limit(current.capacity())
                    .position(start + rest.buffer().position());
            replacement = null;
            rest.release();
        }
    }

    /**
     * Gives away the buffer in which the frames lie that have just been delivered.
     *
     * @return the buffer, the taker's to release; or null if there is no memory for what has arrived behind them
     */
    public @Nullable PooledBuffer giveUp() {
        PooledBuffer rest = copyOfRest();
        if (rest == null) {
            return null;
        }
        PooledBuffer given = current;
        current = rest;
        start = 0;
        return given;
    }

    /**
     * Returns the buffer in which the frames lie that have just been delivered, for as long as nothing is read.
     *
     * @return the buffer, still this loop's
     */
    public PooledBuffer buffer() {
        return current;
    }

    private @Nullable PooledBuffer copyOfRest() {
        PooledBuffer rest = buffers.tryAcquire(Math.max(bufferedBytes(), BufferPool.SMALLEST_BYTES));
        if (rest != null) {
            rest.buffer().put(rest.buffer().position(), current.buffer(), start, bufferedBytes());
            rest.buffer().position(bufferedBytes());
        }
        return rest;
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

    /**
     * Makes room for the next read.
     *
     * @throws TransportException if there is no memory for the rest of a frame
     */
    public void makeRoom() throws TransportException {
        int buffered = bufferedBytes();
        int fitting = buffers.roundUp(Math.max(usualBytes, wantedFor(buffered)));
        ByteBuffer buffer = current.buffer();
        if (buffered == 0) {
            start = 0;
            buffer.clear();
            if (fitting != current.capacity()) {
                tryMoveTo(fitting);
            }
        } else if (fitting > current.capacity() || (fitting < current.capacity() && isAssembly(current))) {
            if (!tryMoveTo(fitting)) {
                moveToFront();
            }
        } else if (buffer.remaining() < current.capacity() / 2) {
            moveToFront();
        }
        if (!current.buffer().hasRemaining()) {
            throw new TransportException("no buffer memory left to assemble a frame of which " + buffered
                    + " bytes have arrived: raise bufferMemory of the group");
        }
    }

    /** Returns whether a buffer is larger than any that is used for its own sake, and not for one large frame. */
    private boolean isAssembly(PooledBuffer buffer) {
        return buffer.capacity() > buffers.roundUp(TURN_BYTES);
    }

    /** Memory follows the bytes received, never the bytes declared. */
    private int wantedFor(int buffered) {
        int soon = Math.max(TURN_BYTES, 2 * buffered);
        if (frameLength != FrameDecoder.UNKNOWN) {
            return Math.min(frameLength, skipping || inParts ? TURN_BYTES : soon);
        }
        return buffered < current.capacity() ? buffered + 1 : Math.min(soon, 2 * buffered);
    }

    private boolean tryMoveTo(int bytes) {
        PooledBuffer fitting = buffers.tryAcquire(bytes);
        if (fitting == null) {
            return false;
        }
        fitting.buffer().put(current.view(start, current.buffer().position()));
        current.release();
        current = fitting;
        start = 0;
        return true;
    }

    private void moveToFront() {
        if (start > 0) {
            current.buffer().limit(current.buffer().position()).position(start);
            current.buffer().compact();
            start = 0;
        }
    }

    /** Drops everything that has arrived. */
    public void discard() {
        discardedBytes = Math.max(discardedBytes, discardedBytes + bufferedBytes());
        start = 0;
        current.buffer().clear();
    }

    /**
     * Returns the start of what has arrived and was not delivered, to explain it.
     *
     * @return borrowed
     */
    public ByteBuffer undelivered() {
        return current.view(start, current.buffer().position());
    }

    /**
     * Returns whether the stream stands inside a frame, so that its end here would cut one.
     *
     * @return true if some bytes of a frame have arrived, and not all
     */
    public boolean isInsideFrame() {
        return skipping || inParts || bufferedBytes() > 0;
    }

    /**
     * Returns how much has arrived and was not delivered.
     *
     * @return bytes
     */
    public int bufferedBytes() {
        return current.buffer().position() - start;
    }

    /**
     * Returns the length of the frame that has begun to arrive.
     *
     * @return bytes, or {@link FrameDecoder#UNKNOWN}
     */
    public int frameLength() {
        return frameLength;
    }

    /**
     * Returns whether a read is in flight.
     *
     * @return true until its result has been taken
     */
    public boolean isReading() {
        return reading;
    }

    /**
     * Returns whether nothing more can be read.
     *
     * @return true after the end of the stream, or a failure
     */
    public boolean isEndOfStream() {
        return endOfStream;
    }

    /**
     * Returns how much was dropped by {@link #discard()}.
     *
     * @return bytes
     */
    public long discardedBytes() {
        return discardedBytes;
    }

    /**
     * Returns how much has been read.
     *
     * @return bytes
     */
    public long receivedBytes() {
        return receivedBytes;
    }

    /**
     * Returns how many frames have been delivered.
     *
     * @return frames of all kinds
     */
    public long receivedMessages() {
        return receivedMessages;
    }

    /**
     * Returns how many frames have been received to their end.
     *
     * @return frames delivered and frames skipped
     */
    public long receivedFrames() {
        return receivedMessages + skippedFrames;
    }

    /** Gives everything back. No read may be in flight. */
    public void release() {
        contexts.release(context);
        current.release();
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
