package io.millrace.benchmarks.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * One connection to an echo server. Positions count bytes of its stream since the beginning. Messages that became due
 * together are a batch: they have one time, from which their latency counts.
 *
 * <p><b>Threading:</b> confined to one thread.
 */
final class EchoConnection {
    private final SelectionKey key;
    private final SocketChannel channel;
    private final Pattern pattern;
    private final int frameBytes;

    // Positions, recorded <= received <= sent <= owed: up to where latency is known, and so on.
    private long owed;
    private long sent;
    private long received;
    private long recorded;
    private boolean wantsWrite;

    // A ring of the batches in flight; the newest is at newest, and there are batches of them.
    private long[] ends;
    private long[] times;
    private int newest;
    private int batches;

    EchoConnection(SelectionKey key, Pattern pattern, int batchesInFlight) {
        this.key = key;
        this.pattern = pattern;
        channel = (SocketChannel) key.channel();
        frameBytes = pattern.frameBytes();
        // A power of two, so that places in the ring can be masked.
        ends = new long[Integer.highestOneBit(2 * batchesInFlight - 1)];
        times = new long[ends.length];
    }

    /** Adds messages to what is to be sent; {@link #write} sends it. */
    void owe(long frames, long time) {
        if (batches == ends.length) {
            grow();
        }
        owed += frames * frameBytes;
        newest = (newest + 1) & (ends.length - 1);
        batches++;
        ends[newest] = owed;
        times[newest] = time;
    }

    /** Sends as much of what is owed as the socket takes; the rest when the key is writable. */
    void write() throws IOException {
        while (sent < owed) {
            int length = (int) Math.min(owed - sent, EchoConnections.WINDOW_BYTES);
            int written = channel.write(pattern.slice(sent, length));
            sent += written;
            if (written < length) {
                break;
            }
        }
        boolean isStuck = sent < owed;
        if (isStuck != wantsWrite) {
            wantsWrite = isStuck;
            key.interestOps(wantsWrite ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        }
    }

    /**
     * Reads once.
     *
     * @return how many messages are whole that were not before
     * @throws IOException if the server has closed, or it is not what was sent
     */
    long read(ByteBuffer window) throws IOException {
        int count = channel.read(window.clear());
        if (count < 0) {
            throw new IOException("the server closed it, with " + missingBytes() + " bytes still to come");
        }
        window.flip();
        if (!pattern.matches(received, window)) {
            throw new IOException(pattern.difference(received, window));
        }
        received += count;
        if (received > sent) {
            throw new IOException("the server sent " + (received - sent) + " bytes more than it was sent");
        }
        return (received - recorded) / frameBytes;
    }

    /** Records the latency of messages that are now whole, each by the batch it was owed in. */
    void record(long frames, long now, Histogram latencies) {
        long whole = recorded + frames * frameBytes;
        while (recorded < whole) {
            int oldest = (newest - batches + 1) & (ends.length - 1);
            long end = Math.min(ends[oldest], whole);
            latencies.recordValueWithCount(now - times[oldest], (end - recorded) / frameBytes);
            recorded = end;
            if (end == ends[oldest]) {
                batches--;
            }
        }
    }

    /** Returns whether everything that was owed has come back. */
    boolean isWhole() {
        return received == owed;
    }

    long missingBytes() {
        return owed - received;
    }

    void close() throws IOException {
        channel.close();
    }

    /** Doubles the ring, with the oldest batch moved to its beginning. */
    private void grow() {
        int oldest = (newest - batches + 1) & (ends.length - 1);
        ends = unrolled(ends, oldest);
        times = unrolled(times, oldest);
        newest = batches - 1;
    }

    private static long[] unrolled(long[] ring, int first) {
        long[] larger = Arrays.copyOfRange(ring, first, first + 2 * ring.length);
        System.arraycopy(ring, 0, larger, ring.length - first, first);
        return larger;
    }
}
