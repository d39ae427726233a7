package io.millrace.client;

import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Askers that never stop: each makes one request after the other, in all forms in turn, of a server that echoes, and
 * checks that every one has one outcome, its own reply if it has any, and all of it in time.
 *
 * <p>Threading: Thread-safe.
 */
final class PoolLoad implements AutoCloseable {
    /** How late a deadline may be noticed on a machine that does much else. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    /** Requests for the reply, for the outcome, idempotent ones; with a handler; batches. */
    static final List<Integer> ALL_FORMS = List.of(0, 1, 2, 3, 4);
    /** Those of a single request that may be made again if they were not processed. */
    static final List<Integer> RETRIED_FORMS = List.of(0, 2, 3);

    private static final int BATCH = 4;
    private static final long PAUSE_MILLIS = 3;

    private final TcpClient client;
    private final Duration timeout;
    private final List<Integer> forms;
    private final ScheduledExecutorService pauses = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "pool-load");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger asking = new AtomicInteger();
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    private final Map<String, AtomicInteger> failures = new ConcurrentSkipListMap<>();
    private final Map<Long, Asked> open = new ConcurrentHashMap<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Throwable lastFailure;
    private volatile boolean stopped;

    PoolLoad(TcpClient client, Duration timeout) {
        this(client, timeout, ALL_FORMS);
    }

    PoolLoad(TcpClient client, Duration timeout, List<Integer> forms) {
        this.client = client;
        this.timeout = timeout;
        this.forms = forms;
    }

    /** One request, or batch. */
    private final class Asked implements ReplyHandler {
        private final long number = asked.incrementAndGet();
        private final int turn;
        private final int form;
        private final String payload;
        private final long startNanos = System.nanoTime();
        private final AtomicInteger outcomes = new AtomicInteger();

        Asked(int turn) {
            this.turn = turn;
            this.form = forms.get(turn % forms.size());
            this.payload = "x" + number;
            open.put(number, this);
        }

        void done(boolean replied, @Nullable Throwable failure) {
            open.remove(number);
            if (outcomes.incrementAndGet() != 1) {
                wrong.add(this + " has had another outcome: " + failure);
                return;
            }
            Duration taken = Duration.ofNanos(System.nanoTime() - startNanos);
            if (taken.compareTo(timeout.plus(GRACE)) > 0) {
                wrong.add(this + " has taken " + taken + ", failure " + failure);
            }
            if (failure instanceof RequestTimeoutException && taken.compareTo(timeout) < 0) {
                wrong.add(this + " has timed out after " + taken);
            }
            if (replied) {
                answered.incrementAndGet();
            } else {
                note(failure);
            }
            again(turn, replied ? 0 : PAUSE_MILLIS);
        }

        void check(ByteBuffer reply, String expected) {
            String text = StandardCharsets.UTF_8.decode(reply.duplicate()).toString();
            if (!text.equals(expected)) {
                wrong.add(this + " has the reply " + text);
            }
        }

        @Override
        public void onReply(ByteBuffer reply) {
            check(reply, payload);
            done(true, null);
        }

        @Override
        public void onFailure(TransportException failure) {
            done(false, failure);
        }

        void settled(@Nullable ByteBuffer reply, @Nullable Throwable failure) {
            if (reply != null) {
                check(reply, payload);
            }
            done(reply != null, failure instanceof CompletionException ? failure.getCause() : failure);
        }

        void settled(List<Outcome<ByteBuffer>> outcomes) {
            Throwable failure = null;
            if (outcomes.size() != BATCH) {
                wrong.add(this + " has " + outcomes);
            }
            for (int i = 0; i < outcomes.size(); i++) {
                ByteBuffer reply = outcomes.get(i).reply();
                if (reply != null) {
                    check(reply, payload + "-" + i);
                } else {
                    failure = outcomes.get(i).failure();
                }
            }
            done(failure == null, failure);
        }

        @Override
        public String toString() {
            return "request " + payload + " of form " + form;
        }
    }

    private void note(@Nullable Throwable failure) {
        String name = failure == null ? "none" : failure.getClass().getSimpleName();
        lastFailure = failure;
        if (!(failure instanceof TransportException)) {
            wrong.add("not a transport failure: " + failure);
        }
        failures.computeIfAbsent(name, first -> new AtomicInteger()).incrementAndGet();
    }

    /** Has so many more ask. */
    PoolLoad start(int askers) {
        for (int i = 0; i < askers; i++) {
            asking.incrementAndGet();
            again(i, 0);
        }
        return this;
    }

    private void again(int turn, long afterMillis) {
        pauses.schedule(() -> ask(turn + 1), afterMillis, TimeUnit.MILLISECONDS);
    }

    private void ask(int turn) {
        if (stopped) {
            asking.decrementAndGet();
            return;
        }
        Asked one = new Asked(turn);
        try {
            ask(one);
        } catch (Throwable thrown) {
            wrong.add(one + " has thrown " + thrown);
            asking.decrementAndGet();
        }
    }

    private void ask(Asked one) {
        ByteBuffer payload = ByteBuffer.wrap(Clients.bytes(one.payload));
        RequestOptions options = RequestOptions.within(timeout);
        switch (one.form) {
            case 0 -> client.request(payload, timeout).whenComplete(one::settled);
            case 1 -> client.request(payload, timeout, one);
            case 2 ->
                client.exchange(payload, options)
                        .whenComplete((outcome, none) -> one.settled(outcome.reply(), outcome.failure()));
            case 3 -> client.request(payload, options.idempotent()).whenComplete(one::settled);
            default -> {
                IntFunction<ByteBuffer> nth = i -> ByteBuffer.wrap(Clients.bytes(one.payload + "-" + i));
                List<ByteBuffer> all = List.of(nth.apply(0), nth.apply(1), nth.apply(2), nth.apply(3));
                BatchOptions how = BatchOptions.within(timeout);
                client.batch(all, one.number % 2 == 0 ? how.mayMove().pipelined() : how)
                        .whenComplete((outcomes, none) -> one.settled(outcomes));
            }
        }
    }

    long answered() {
        return answered.get();
    }

    /** Waits until so many more requests are answered than now. */
    void awaitAnswered(int more) {
        long enough = answered.get() + more;
        LeakCheck.awaitSoon("answers; failures " + failures, () -> answered.get() >= enough);
    }

    /** Has nobody ask any more, and waits for the last outcomes. */
    void finish() {
        stopped = true;
        try {
            LeakCheck.awaitSoon("last outcomes", () -> asking.get() == 0);
        } catch (RuntimeException tooLong) {
            throw new AssertionError("without outcome: " + open.values() + "; " + this, tooLong);
        }
        if (!wrong.isEmpty()) {
            throw new AssertionError(wrong.size() + " wrong: " + wrong.peek() + "; " + this);
        }
    }

    Map<String, AtomicInteger> failures() {
        return failures;
    }

    @Override
    public void close() {
        stopped = true;
        pauses.shutdownNow();
    }

    @Override
    public String toString() {
        return asked + " asked, " + answered + " answered, failures " + failures + ", pool " + client.poolStats() + ", "
                + client.endpoints();
    }
}
