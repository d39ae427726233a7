package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Keeps a number of requests on their way, checks the replies, and counts what became of each.
 *
 * <p>Threading: Thread-safe.
 */
final class RequestLoad {
    private static final Executor LATER = CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS);
    private static final int SIGNIFICANT_DIGITS = 3;

    private final int payloadBytes;
    private final RequestOptions options;
    private final Consumer<Outcome<ByteBuffer>> listener;
    private final Recorder latencyNanos = new Recorder(SIGNIFICANT_DIGITS);
    // Guarded by itself.
    private final Histogram allLatencies = new Histogram(SIGNIFICANT_DIGITS);
    private final LongAdder answered = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final ConcurrentMap<String, LongAdder> failures = new ConcurrentSkipListMap<>();
    private final ConcurrentMap<String, String> examples = new ConcurrentSkipListMap<>();
    private final AtomicLong lastNumber = new AtomicLong();
    private volatile boolean finishing;

    RequestLoad(int payloadBytes, RequestOptions options) {
        this(payloadBytes, options, outcome -> {});
    }

    /** Makes a load whose every outcome is told to a listener, on an I/O thread. */
    RequestLoad(int payloadBytes, RequestOptions options, Consumer<Outcome<ByteBuffer>> listener) {
        this.payloadBytes = Math.max(payloadBytes, Long.BYTES);
        this.options = options;
        this.listener = listener;
    }

    /** Keeps so many requests on their way; completes when, after {@link #finish}, the last one has its outcome. */
    CompletableFuture<Void> keepAsking(TcpClient client, int inFlight) {
        List<CompletableFuture<Void>> all =
                Stream.generate(CompletableFuture<Void>::new).limit(inFlight).toList();
        all.forEach(done -> ask(client, done));
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    private void ask(TcpClient client, CompletableFuture<Void> done) {
        if (finishing) {
            done.complete(null);
            return;
        }
        ByteBuffer payload = ByteBuffer.allocate(payloadBytes).putLong(0, lastNumber.incrementAndGet());
        long start = System.nanoTime();
        client.exchange(payload, options).thenAccept(outcome -> {
            count(payload, outcome, System.nanoTime() - start);
            if (outcome.isReply()) {
                ask(client, done);
            } else {
                // Not at once: whoever was refused must not ask again in the same breath.
                LATER.execute(() -> ask(client, done));
            }
        });
    }

    private void count(ByteBuffer payload, Outcome<ByteBuffer> outcome, long nanos) {
        listener.accept(outcome);
        retried.add(Math.max(0, outcome.attempts() - 1));
        if (!outcome.isReply()) {
            failed(outcome.kind().name(), String.valueOf(outcome.failure()));
        } else if (payload.equals(outcome.reply())) {
            answered.increment();
            latencyNanos.recordValue(nanos);
        } else {
            failed("WRONG_REPLY", "the reply is another request's");
        }
    }

    private void failed(String kind, String example) {
        examples.putIfAbsent(kind, example);
        failures.computeIfAbsent(kind, key -> new LongAdder()).increment();
    }

    /** Asks nothing more. */
    void finish() {
        finishing = true;
    }

    long asked() {
        return lastNumber.get();
    }

    long answered() {
        return answered.sum();
    }

    /** Returns how often requests that have their outcome were made again for it, by the client itself. */
    long retried() {
        return retried.sum();
    }

    /** Returns how many requests failed, by kind. */
    Map<String, LongAdder> failures() {
        return failures;
    }

    long failed() {
        return failures.values().stream().mapToLong(LongAdder::sum).sum();
    }

    /** Prints how many requests failed in each way, with an example. */
    void printFailures(PrintWriter out) {
        failures.forEach((kind, count) -> LoadReport.row(
                out, "FAILED", "%,d %s, such as %s", count.sum(), kind, examples.getOrDefault(kind, "")));
    }

    /** Returns how long the replies since the last call took, in nanoseconds. */
    Histogram latestLatencies() {
        synchronized (allLatencies) {
            Histogram latest = latencyNanos.getIntervalHistogram();
            allLatencies.add(latest);
            return latest;
        }
    }

    /** Returns how long all replies took, in nanoseconds. */
    Histogram latencies() {
        synchronized (allLatencies) {
            latestLatencies();
            return allLatencies.copy();
        }
    }
}
