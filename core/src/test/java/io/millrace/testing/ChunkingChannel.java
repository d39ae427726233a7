package io.millrace.testing;

import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A channel that reads and writes in small pieces of random sizes, as a network may: every operation is done for real,
 * but with less of its buffers than it was given.
 *
 * <p>The sizes follow from the seed, in the order of the operations of each direction. The Future forms are passed on
 * whole.
 *
 * <p>Threading: Thread-safe, as far as one operation per direction goes.
 */
public final class ChunkingChannel extends ForwardingChannel {
    private final long seed;
    private final int least;
    private final int most;

    // Each guarded by itself: one direction must not change the other's sizes.
    private final Random reads;
    private final Random writes;

    /**
     * Wraps a channel.
     *
     * @param channel the channel that does the work
     * @param seed what the sizes follow from
     * @param least the smallest piece in bytes, at least 1
     * @param most the largest piece in bytes, at least {@code least}
     * @throws IllegalArgumentException if the sizes cannot be
     */
    public ChunkingChannel(AsynchronousSocketChannel channel, long seed, int least, int most) {
        super(channel);
        if (least < 1 || most < least) {
            throw new IllegalArgumentException("pieces of " + least + " to " + most + " bytes; the least must be at"
                    + " least 1, the most at least that");
        }
        this.seed = seed;
        this.least = least;
        this.most = most;
        this.reads = new Random(seed);
        this.writes = new Random(~seed);
    }

    private int next(Random sizes) {
        synchronized (sizes) {
            return least + sizes.nextInt(most - least + 1);
        }
    }

    @Override
    public <A> void read(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        Shortened piece = Shortened.to(next(reads), new ByteBuffer[] {buffer}, 0, 1);
        try {
            super.read(buffer, timeout, unit, attachment, restoring(piece, handler));
        } catch (RuntimeException | Error notStarted) {
            piece.restore();
            throw notStarted;
        }
    }

    @Override
    public <A> void read(
            ByteBuffer[] buffers,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        Shortened piece = Shortened.to(next(reads), buffers, offset, length);
        try {
            super.read(buffers, offset, piece.length(), timeout, unit, attachment, restoring(piece, handler));
        } catch (RuntimeException | Error notStarted) {
            piece.restore();
            throw notStarted;
        }
    }

    @Override
    public <A> void write(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        Shortened piece = Shortened.to(next(writes), new ByteBuffer[] {buffer}, 0, 1);
        try {
            super.write(buffer, timeout, unit, attachment, restoring(piece, handler));
        } catch (RuntimeException | Error notStarted) {
            piece.restore();
            throw notStarted;
        }
    }

    @Override
    public <A> void write(
            ByteBuffer[] buffers,
            int offset,
            int length,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Long, ? super A> handler) {
        Shortened piece = Shortened.to(next(writes), buffers, offset, length);
        try {
            super.write(buffers, offset, piece.length(), timeout, unit, attachment, restoring(piece, handler));
        } catch (RuntimeException | Error notStarted) {
            piece.restore();
            throw notStarted;
        }
    }

    private static <V, A> CompletionHandler<V, A> restoring(Shortened piece, CompletionHandler<V, ? super A> handler) {
        return new CompletionHandler<>() {
            @Override
            public void completed(V result, A attachment) {
                piece.restore();
                handler.completed(result, attachment);
            }

            @Override
            public void failed(Throwable cause, A attachment) {
                piece.restore();
                handler.failed(cause, attachment);
            }
        };
    }

    @Override
    public String toString() {
        return "ChunkingChannel[seed=" + seed + ", pieces of " + least + " to " + most + " bytes, " + channel() + "]";
    }
}
