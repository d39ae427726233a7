package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.calls.CallPoint.Asker;
import io.millrace.benchmarks.calls.caller.Asking;
import io.millrace.benchmarks.calls.caller.Caller;
import io.millrace.benchmarks.calls.caller.Slot;
import io.millrace.benchmarks.load.LoadResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a number of requests in flight: each reply is followed by one more request. Every reply is compared with the
 * number that its request carried; every eighth slot measures its latency, so that clocks cost next to nothing.
 *
 * <p><b>Threading:</b> {@link #run} on one thread; slots hear on the caller's one I/O thread.
 */
final class CallLoop {
    private static final int MEASURED_OF = 8;
    private static final long LARGEST_LATENCY_NANOS = 60_000_000_000L;
    private static final long PATIENCE_SECONDS = 15;

    private final CallPoint point;
    private final List<Call> calls = new ArrayList<>();
    private final BlockingQueue<Call> answered;

    // Confined to the I/O thread while slots are asked, to the thread that runs the loop otherwise.
    private final Histogram latencies = new Histogram(LARGEST_LATENCY_NANOS, 3);
    private long count;
    private @Nullable Throwable failure;

    // Written by the thread that runs the loop.
    private volatile boolean isEnding;
    private volatile CountDownLatch unfinished = new CountDownLatch(0);

    CallLoop(Caller caller, CallPoint point) {
        this.point = point;
        answered = new ArrayBlockingQueue<>(point.inFlight());
        for (int i = 0; i < point.inFlight(); i++) {
            calls.add(new Call(caller, point.bytes(), i));
        }
    }

    /** Asks for so long, then waits until everything in flight is answered. */
    LoadResult run(long nanos) throws InterruptedException {
        count = 0;
        failure = null;
        latencies.reset();
        isEnding = false;
        CountDownLatch all = new CountDownLatch(calls.size());
        unfinished = all;
        long began = System.nanoTime();
        calls.forEach(Call::ask);
        if (point.asker() == Asker.THREAD) {
            askUntil(began + nanos);
            isEnding = true;
            takeAnswered(all);
        } else {
            TimeUnit.NANOSECONDS.sleep(nanos);
            isEnding = true;
        }
        if (!all.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(point + ": " + all.getCount() + " requests had no outcome", failure);
        }
        if (failure != null) {
            throw new IllegalStateException(point + ": a request failed", failure);
        }
        return LoadResult.of(count, System.nanoTime() - began, latencies);
    }

    private void askUntil(long end) throws InterruptedException {
        List<Call> batch = new ArrayList<>(calls.size());
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            Call first = answered.poll(left, TimeUnit.NANOSECONDS);
            if (first != null) {
                first.ask();
                answered.drainTo(batch);
                batch.forEach(Call::ask);
                batch.clear();
            }
        }
    }

    /** Takes those that were passed on before the I/O thread saw that this is the end. */
    private void takeAnswered(CountDownLatch all) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (all.getCount() > 0 && System.nanoTime() < end) {
            if (answered.poll(1, TimeUnit.MILLISECONDS) != null) {
                all.countDown();
            }
        }
    }

    /** One of the requests in flight. */
    private final class Call implements Slot {
        private final byte[] bytes;
        private final ByteBuffer payload;
        private final boolean isMeasured;
        private final Asking asking;

        // Confined to whoever asks; hands over by asking and by the queue.
        private long number;
        private long beganNanos;

        @SuppressWarnings("this-escape") // the caller only keeps it
        Call(Caller caller, int length, int index) {
            bytes = new byte[length];
            payload = ByteBuffer.wrap(bytes);
            isMeasured = index % MEASURED_OF == 0;
            number = (long) index << Integer.SIZE;
            asking = caller.asking(this);
        }

        void ask() {
            payload.putLong(0, ++number);
            if (isMeasured) {
                beganNanos = System.nanoTime();
            }
            asking.ask();
        }

        @Override
        public byte[] bytes() {
            return bytes;
        }

        @Override
        public ByteBuffer payload() {
            return payload;
        }

        @Override
        public void answered(int length, long first) {
            if (length != bytes.length || first != number) {
                failed(new IllegalStateException("a reply of " + length + " bytes differs from its request"));
                return;
            }
            count++;
            if (isMeasured) {
                latencies.recordValue(System.nanoTime() - beganNanos);
            }
            if (isEnding) {
                unfinished.countDown();
            } else if (point.asker() == Asker.CALLBACK) {
                ask();
            } else {
                answered.add(this);
            }
        }

        @Override
        public void failed(Throwable cause) {
            failure = cause;
            unfinished.countDown();
        }
    }
}
