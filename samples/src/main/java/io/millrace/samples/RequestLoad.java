package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Keeps a number of requests on their way, checks the replies, and tells what failed from what can be tried again.
 *
 * <p>Threading: Thread-safe.
 */
final class RequestLoad {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Executor LATER = CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS);

    private final Histogram latencyNanos = new ConcurrentHistogram(3);
    private final LongAdder answered = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final ConcurrentMap<String, LongAdder> failures = new ConcurrentHashMap<>();
    private final AtomicLong lastNumber = new AtomicLong();
    private final int payloadBytes;
    private volatile boolean finishing;

    RequestLoad(int payloadBytes) {
        this.payloadBytes = Math.max(payloadBytes, Long.BYTES);
    }

    /** Asks one request after the other; completes when, after {@link #finish}, the last one has its outcome. */
    CompletableFuture<Void> keepAsking(TcpClient client) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        ask(client, done);
        return done;
    }

    private void ask(TcpClient client, CompletableFuture<Void> done) {
        if (finishing) {
            done.complete(null);
            return;
        }
        ByteBuffer payload = ByteBuffer.allocate(payloadBytes).putLong(0, lastNumber.incrementAndGet());
        long start = System.nanoTime();
        client.request(payload, TIMEOUT).whenComplete((reply, failure) -> {
            if (failure == null) {
                answered(payload, reply, System.nanoTime() - start);
                ask(client, done);
            } else {
                failed(failure);
                // On its own thread, and not at once: whoever was refused must not ask again in the same breath.
                LATER.execute(() -> ask(client, done));
            }
        });
    }

    private void answered(ByteBuffer payload, ByteBuffer reply, long nanos) {
        if (reply.equals(payload)) {
            answered.increment();
            latencyNanos.recordValue(nanos);
        } else {
            count("the reply is another request's");
        }
    }

    private void failed(Throwable failure) {
        if (canBeTriedAgain(failure)) {
            retried.increment();
        } else {
            count(String.valueOf(failure.getMessage()));
        }
    }

    /** Returns whether the server has certainly not begun to work on the request. */
    static boolean canBeTriedAgain(Throwable failure) {
        return failure instanceof TransportException known && !known.maybeSent();
    }

    private void count(String failure) {
        failures.computeIfAbsent(failure, key -> new LongAdder()).increment();
    }

    /** Asks nothing more. */
    void finish() {
        finishing = true;
    }

    long answered() {
        return answered.sum();
    }

    long retried() {
        return retried.sum();
    }

    /** Returns what went wrong, and how often. */
    Map<String, LongAdder> failures() {
        return failures;
    }

    /** Returns the time that a share of the replies did not exceed, in milliseconds. */
    double latencyMillis(double percentile) {
        return latencyNanos.getValueAtPercentile(percentile) / (double) TimeUnit.MILLISECONDS.toNanos(1);
    }
}
