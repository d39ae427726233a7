package io.millrace.testing;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One direction of a connection through a {@link FaultProxy}. */
final class FaultPipe {
    /*
     * A reader thread takes pieces off one socket and queues each with the time at which it is due; a writer thread
     * waits for that time and writes it to the other socket, as the toxics of that moment say. The queue is what a long
     * line holds: it is bounded, and a reader that finds it full waits, so the sender feels it as it would feel a slow
     * network.
     *
     *   reader: read -> queue -> ... -> end of stream: queue the end           broken: reset the link
     *   writer: wait until due -> cut, pace, swallow -> write -> ... -> end: wait, shut the output down
     *
     * Once finished (a limit was reached), the output is shut down and whatever arrives is swallowed until its sender
     * ends too.
     *
     * One lock guards the queue and the flags; all waits are on it, have an end or are woken by every change of toxics
     * and by stop(), and no lock is held while a socket is read or written. No deadlock: a thread waits for the queue
     * of its own pipe only, or for a socket, which stop()'s caller has closed.
     */

    private static final int PIECE_BYTES = 16 << 10;
    private static final long PACES_PER_SECOND = 50;

    /** What was read at once; no bytes mean the end of the stream. */
    private record Piece(byte[] bytes, long dueNanos) {
        boolean isEnd() {
            return bytes.length == 0;
        }
    }

    private final FaultLink link;
    private final Socket from;
    private final Socket to;
    private final Supplier<Toxics> toxics;
    private final Thread reader;
    private final Thread writer;

    // Confined to the reader.
    private final Random delays;
    private long lastDueNanos = System.nanoTime();

    // Confined to the writer.
    private final Random cuts;
    private int untilCut;
    private long passedBytes;

    // Guarded by this.
    private final Deque<Piece> queue = new ArrayDeque<>();
    private int queuedBytes;
    private boolean finished;
    private boolean outputShut;
    private boolean stopped;

    FaultPipe(FaultLink link, Socket from, Socket to, Supplier<Toxics> toxics, long seed, String name) {
        this.link = link;
        this.from = from;
        this.to = to;
        this.toxics = toxics;
        this.delays = new Random(seed);
        this.cuts = new Random(~seed);
        this.reader = new Thread(this::readAll, name + "-reader");
        this.writer = new Thread(this::writeAll, name + "-writer");
        reader.setDaemon(true);
        writer.setDaemon(true);
    }

    void start() {
        reader.start();
        writer.start();
    }

    Thread reader() {
        return reader;
    }

    Thread writer() {
        return writer;
    }

    /** Makes the writer look at the toxics again. */
    synchronized void wake() {
        notifyAll();
    }

    /** Lets nothing more pass but the end of the stream. */
    synchronized void finish() {
        finished = true;
        notifyAll();
    }

    /** Ends both threads, once the sockets have been closed. */
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    private void readAll() {
        byte[] buffer = new byte[PIECE_BYTES];
        try {
            int count;
            do {
                count = from.getInputStream().read(buffer);
                enqueue(Arrays.copyOf(buffer, Math.max(0, count)));
            } while (count > 0);
        } catch (IOException broken) {
            passOnReset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void enqueue(byte[] bytes) throws InterruptedException {
        while (queuedBytes + bytes.length > FaultProxy.BUFFERED_BYTES && !stopped) {
            wait();
        }
        Toxics now = toxics.get();
        long jitter = now.jitterNanos() == 0 ? 0 : (long) (delays.nextDouble() * now.jitterNanos());
        long due = System.nanoTime() + now.latencyNanos() + jitter;
        lastDueNanos = due - lastDueNanos > 0 ? due : lastDueNanos;
        queue.add(new Piece(bytes, lastDueNanos));
        queuedBytes += bytes.length;
        notifyAll();
    }

    /** A black hole swallows a reset too, until it is gone. */
    private void passOnReset() {
        try {
            awaitNoBlackHole();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        link.reset();
    }

    private void writeAll() {
        try {
            boolean more = true;
            while (more) {
                Piece piece = take();
                more = piece != null && (piece.isEnd() ? passOnEnd() : pass(piece.bytes()));
            }
        } catch (IOException broken) {
            link.reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            link.pipeEnded();
        }
    }

    /** Waits for a piece to be due; answers null if the link has been stopped. */
    private @Nullable Piece take() throws InterruptedException, IOException {
        while (true) {
            synchronized (this) {
                while (!stopped && !isEndDue(toxics.get()) && !isPieceDue()) {
                    awaitPiece();
                }
                if (stopped) {
                    return null;
                }
                if (!isEndDue(toxics.get())) {
                    Piece piece = queue.remove();
                    queuedBytes -= piece.bytes().length;
                    notifyAll();
                    return piece;
                }
            }
            end();
        }
    }

    /** Guarded by this. */
    private boolean isPieceDue() {
        Piece piece = queue.peek();
        return piece != null && (finished || piece.dueNanos() - System.nanoTime() <= 0);
    }

    /** Guarded by this. */
    private void awaitPiece() throws InterruptedException {
        Piece piece = queue.peek();
        if (piece == null) {
            wait();
        } else {
            waitUntil(piece.dueNanos());
        }
    }

    /** Guarded by this. Returns whether toxics, or the other direction, want this one to end, and it has not yet. */
    private boolean isEndDue(Toxics now) {
        boolean limited = finished || passedBytes >= now.limitBytes();
        return passedBytes >= now.resetAfterBytes() || (limited && !outputShut);
    }

    /** Ends both directions, with a reset or in good order. */
    private void end() throws IOException {
        if (passedBytes >= toxics.get().resetAfterBytes()) {
            throw new IOException("reset after " + passedBytes + " bytes");
        }
        // takes the other pipe's lock too, and so holds none
        link.finish();
        shutOutput();
    }

    private void shutOutput() throws IOException {
        synchronized (this) {
            if (outputShut) {
                return;
            }
            outputShut = true;
        }
        to.shutdownOutput();
    }

    /** Guarded by this. Waits once, for this time or a change; returns false if the time has come. */
    private boolean waitUntil(long nanos) throws InterruptedException {
        long left = nanos - System.nanoTime();
        if (left <= 0) {
            return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
        return true;
    }

    private synchronized void pause(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        while (!stopped && waitUntil(end)) {
            // until then
        }
    }

    private synchronized void awaitNoBlackHole() throws InterruptedException {
        while (!stopped && toxics.get().isBlackHole()) {
            wait();
        }
    }

    /** Passes bytes on, or swallows them; returns whether the pipe goes on. */
    private boolean pass(byte[] bytes) throws IOException, InterruptedException {
        int from = 0;
        while (from < bytes.length) {
            Toxics now = toxics.get();
            boolean endsHere;
            synchronized (this) {
                if (stopped) {
                    return false;
                }
                endsHere = isEndDue(now);
            }
            if (endsHere) {
                end();
            }
            if (isFinished() || now.isBlackHole()) {
                link.swallowed(bytes.length - from);
                return true;
            }
            int count = portion(now, bytes.length - from);
            to.getOutputStream().write(bytes, from, count);
            from += count;
            passedBytes += count;
            untilCut -= count;
            if (now.hasBandwidth()) {
                pause(TimeUnit.SECONDS.toNanos(count) / now.bytesPerSecond());
            }
            if (now.isSlicing() && untilCut == 0) {
                pause(now.pauseNanos());
            }
        }
        return true;
    }

    /** Returns how many of the bytes may pass in one write. */
    private int portion(Toxics now, int available) {
        long most = Math.min(now.resetAfterBytes(), now.limitBytes()) - passedBytes;
        if (now.hasBandwidth()) {
            most = Math.min(most, Math.max(1, now.bytesPerSecond() / PACES_PER_SECOND));
        }
        if (now.isSlicing()) {
            if (untilCut <= 0) {
                untilCut = now.leastSlice() + cuts.nextInt(now.mostSlice() - now.leastSlice() + 1);
            }
            most = Math.min(most, untilCut);
        } else {
            untilCut = 0;
        }
        return (int) Math.min(most, available);
    }

    private boolean passOnEnd() throws IOException, InterruptedException {
        awaitNoBlackHole();
        pause(toxics.get().slowCloseNanos());
        shutOutput();
        return false;
    }

    private synchronized boolean isFinished() {
        return finished;
    }
}
