package io.millrace.core.internal;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.TransportException;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.IoContextPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a channel and finds the frames in what arrives. */
final class ReceiveLoop {
    /*
     * One buffer holds what has arrived and is not yet delivered:
     *
     *      0        start                    end = buffer.position()          capacity
     *      | delivered | frames, the last perhaps cut |  room for the next read  |
     *
     * It starts small, grows while reads fill it, and shrinks when they do not. A frame that does not fit is
     * assembled by growing further: never by what the frame declares, only by what has arrived of it, doubling. When
     * it has been delivered a buffer of ordinary size takes over.
     *
     * All of it is confined to the session's steps, with one exception: the completion of a read writes `result` and
     * `failure` and then signals the session, whose next step reads them. One read is in flight at most.
     */

    /** What the loop needs of its session. */
    interface Receiver {
        /** Hears that the read in flight has completed, on whatever thread. */
        void readCompleted();

        /** Returns whether the next frame may be delivered now. */
        boolean mayDeliver();

        /** Takes a frame; the payload is borrowed. */
        void deliver(FrameKind kind, long token, ByteBuffer payload);

        /** Hears of a frame that is too long to be taken in, and is discarded as it arrives. */
        void tooLong(FrameKind kind, long token);
    }

    /** The most that one turn reads, in bytes, unless a larger frame is being assembled. */
    static final int TURN_BYTES = 64 << 10;

    private static final Logger log = LoggerFactory.getLogger(ReceiveLoop.class);
    private static final ReadHandler READ_HANDLER = new ReadHandler();
    private static final int GROWTH = 4;
    private static final int QUIET_READS_BEFORE_SHRINKING = 16;
    private static final int END_OF_STREAM = -1;

    private final AsynchronousSocketChannel channel;
    private final FrameDecoder decoder;
    private final BufferPool buffers;
    private final IoContextPool contexts;
    private final Receiver receiver;
    private final IoContext context;

    // Confined to the session's steps.
    private PooledBuffer current;
    private int start;
    private int frameLength = FrameDecoder.UNKNOWN;
    private boolean skipping;
    private int usualBytes = BufferPool.SMALLEST_BYTES;
    private int quietReads;
    private boolean reading;
    private long discardedBytes;

    // Written by the session's steps, read by anyone.
    private volatile boolean endOfStream;

    // Written by the completion before it signals, read by the step that follows.
    private int result;
    private @Nullable Throwable failure;

    // Confined to the session's steps; others read them as they happen to see them.
    private long receivedBytes;
    private long receivedMessages;

    /** Reserves what reading needs for as long as the session lives, or fails at once. */
    ReceiveLoop(
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
    void read() {
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
    @Nullable
    Throwable takeResult() {
        reading = false;
        if (failure != null) {
            endOfStream = true;
            return failure;
        }
        if (result == END_OF_STREAM) {
            endOfStream = true;
        } else {
            receivedBytes += result;
            adaptTo(result);
        }
        return null;
    }

    private void adaptTo(int bytesRead) {
        if (!current.buffer().hasRemaining()) {
            usualBytes = Math.min(usualBytes * GROWTH, TURN_BYTES);
            quietReads = 0;
        } else if (bytesRead >= usualBytes / (GROWTH * 2)) {
            quietReads = 0;
        } else if (++quietReads == QUIET_READS_BEFORE_SHRINKING) {
            usualBytes = Math.max(usualBytes / GROWTH, BufferPool.SMALLEST_BYTES);
            quietReads = 0;
        }
    }

    /**
     * Delivers every whole frame that has arrived, as long as the receiver takes them.
     *
     * @return false if the receiver was not willing, so that there may be more
     */
    boolean deliverFrames() throws MalformedFrameException {
        int end = current.buffer().position();
        while (start < end) {
            if (!receiver.mayDeliver()) {
                return false;
            }
            if (frameLength == FrameDecoder.UNKNOWN) {
                measure(end);
            }
            if (skipping) {
                skip(end);
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
        int skipped = Math.min(frameLength, end - start);
        start += skipped;
        frameLength -= skipped;
        skipping = frameLength > 0;
    }

    private void deliverFrame() {
        int from = start + decoder.payloadOffset();
        start += frameLength;
        frameLength = FrameDecoder.UNKNOWN;
        receivedMessages++;
        receiver.deliver(decoder.kind(), decoder.token(), current.view(from, from + decoder.payloadLength()));
    }

    /** Makes room for the next read. */
    void makeRoom() throws TransportException {
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
        if (frameLength != FrameDecoder.UNKNOWN && !skipping) {
            return Math.min(frameLength, soon);
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
    void discard() {
        discardedBytes += bufferedBytes();
        start = 0;
        current.buffer().clear();
    }

    /** Returns the start of what has arrived and was not delivered, to explain it. */
    ByteBuffer undelivered() {
        return current.view(start, current.buffer().position());
    }

    /** Returns whether the stream stands inside a frame, so that its end here would cut one. */
    boolean isInsideFrame() {
        return skipping || bufferedBytes() > 0;
    }

    int bufferedBytes() {
        return current.buffer().position() - start;
    }

    /** Returns the length of the frame that has begun to arrive, or {@link FrameDecoder#UNKNOWN}. */
    int frameLength() {
        return frameLength;
    }

    boolean isReading() {
        return reading;
    }

    boolean isEndOfStream() {
        return endOfStream;
    }

    long discardedBytes() {
        return discardedBytes;
    }

    long receivedBytes() {
        return receivedBytes;
    }

    long receivedMessages() {
        return receivedMessages;
    }

    /** Gives everything back. No read may be in flight. */
    void release() {
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
