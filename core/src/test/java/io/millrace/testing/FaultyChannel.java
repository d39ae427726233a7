package io.millrace.testing;

import io.millrace.testing.Fault.Operation;
import java.io.IOException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A channel whose operations meet the faults of a {@link FaultPlan}: the n-th read throws, a write completes inside the
 * call, a close fails. It also counts the reads and writes that have not completed.
 *
 * <p>The Future forms are passed on unharmed and not counted.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: closing it closes the channel that does the work, also when the plan makes the close fail. What
 * completes elsewhere does so on daemon threads that end when they have been idle for a second.
 */
public final class FaultyChannel extends ForwardingChannel {
    private static final AtomicInteger threadsMade = new AtomicInteger();
    private static final ThreadPoolExecutor elsewhere =
            new ThreadPoolExecutor(0, 1_000, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), FaultyChannel::newThread);

    private final FaultPlan plan;
    private final Map<Operation, AtomicInteger> started = new EnumMap<>(Operation.class);
    private final AtomicInteger inFlight = new AtomicInteger();

    FaultyChannel(AsynchronousSocketChannel channel, FaultPlan plan) {
        super(channel);
        this.plan = plan;
        for (Operation operation : Operation.values()) {
            started.put(operation, new AtomicInteger());
        }
    }

    private static Thread newThread(Runnable task) {
        Thread thread = new Thread(task, "faulty-channel-" + threadsMade.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Returns how many operations of a kind have been asked for, whatever became of them.
     *
     * @param operation which kind
     * @return their number
     */
    public int count(Operation operation) {
        AtomicInteger counter = started.get(operation);
        return counter == null ? 0 : counter.get();
    }

    /**
     * Returns how many reads and writes have been started whose handler has not been called.
     *
     * @return from 0 to 2, if the user of this channel keeps its contract
     */
    public int inFlight() {
        return inFlight.get();
    }

    private @Nullable Fault next(Operation operation) {
        AtomicInteger counter = started.get(operation);
        return counter == null ? null : plan.of(operation, counter.incrementAndGet());
    }

    @Override
    public <T> AsynchronousSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        throwIf(next(Operation.SET_OPTION));
        return super.setOption(name, value);
    }

    @Override
    public AsynchronousSocketChannel shutdownOutput() throws IOException {
        throwIf(next(Operation.SHUTDOWN_OUTPUT));
        return super.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        Fault fault = next(Operation.CLOSE);
        super.close();
        throwIf(fault);
    }

    private static void throwIf(@Nullable Fault fault) throws IOException {
        if (fault == null) {
            return;
        }
        if (fault.cause() instanceof IOException checked) {
            throw checked;
        }
        throwUnchecked(fault.cause());
    }

    private static void throwUnchecked(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) cause;
    }

    @Override
    public <A> void read(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        ByteBuffer[] one = {buffer};
        meet(
                next(Operation.READ),
                one,
                0,
                1,
                new Counted<>(attachment, handler),
                (counted, length) -> super.read(buffer, timeout, unit, attachment, counted),
                () -> super.read(buffer));
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
        meet(
                next(Operation.READ),
                buffers,
                offset,
                length,
                new Counted<>(attachment, handler),
                (counted, some) -> super.read(buffers, offset, some, timeout, unit, attachment, counted),
                null);
    }

    @Override
    public <A> void write(
            ByteBuffer buffer,
            long timeout,
            TimeUnit unit,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        ByteBuffer[] one = {buffer};
        meet(
                next(Operation.WRITE),
                one,
                0,
                1,
                new Counted<>(attachment, handler),
                (counted, length) -> super.write(buffer, timeout, unit, attachment, counted),
                () -> super.write(buffer));
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
        meet(
                next(Operation.WRITE),
                buffers,
                offset,
                length,
                new Counted<>(attachment, handler),
                (counted, some) -> super.write(buffers, offset, some, timeout, unit, attachment, counted),
                null);
    }

    /** Starts the real operation. */
    private interface Start<V, A> {
        void with(CompletionHandler<V, A> handler, int length);
    }

    private <V extends Number, A> void meet(
            @Nullable Fault fault,
            ByteBuffer[] buffers,
            int offset,
            int length,
            Counted<V, A> handler,
            Start<V, A> start,
            @Nullable Supplier<Future<V>> future) {
        inFlight.incrementAndGet();
        Shortened part = null;
        try {
            if (fault == null) {
                start.with(handler, length);
                return;
            }
            switch (fault.effect()) {
                case THROW -> throwUnchecked(fault.cause());
                case FAIL -> handler.failed(fault.cause());
                case FAIL_ELSEWHERE -> elsewhere.execute(() -> handler.failed(fault.cause()));
                case COMPLETE_ELSEWHERE -> start.with(handler.elsewhere(fault), length);
                case COMPLETE_INLINE -> {
                    if (future == null) {
                        start.with(handler, length);
                    } else {
                        completeAtOnceOrElsewhere(future.get(), handler);
                    }
                }
                case COMPLETE_PARTLY -> {
                    part = Shortened.to(fault.bytes(), buffers, offset, length);
                    start.with(handler.restoring(part), part.length());
                }
            }
        } catch (RuntimeException | Error notStarted) {
            if (part != null) {
                part.restore();
            }
            inFlight.decrementAndGet();
            throw notStarted;
        }
    }

    /** A Future is the only form that the system tries at once on every thread. */
    private static <V extends Number, A> void completeAtOnceOrElsewhere(Future<V> future, Counted<V, A> handler) {
        if (future.isDone()) {
            handler.take(future);
        } else {
            elsewhere.execute(() -> handler.take(future));
        }
    }

    /** Passes a completion on, once the operation no longer counts as in flight. */
    private final class Counted<V extends Number, A> implements CompletionHandler<V, A> {
        private final A attachment;
        private final CompletionHandler<V, ? super A> next;

        Counted(A attachment, CompletionHandler<V, ? super A> next) {
            this.attachment = attachment;
            this.next = next;
        }

        @Override
        public void completed(V result, A same) {
            inFlight.decrementAndGet();
            next.completed(result, attachment);
        }

        @Override
        public void failed(Throwable cause, A same) {
            failed(cause);
        }

        void failed(Throwable cause) {
            inFlight.decrementAndGet();
            next.failed(cause, attachment);
        }

        void take(Future<V> future) {
            V result;
            try {
                result = future.get();
            } catch (ExecutionException failed) {
                Throwable cause = failed.getCause();
                failed(cause != null ? cause : failed);
                return;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                failed(interrupted);
                return;
            }
            completed(result, attachment);
        }

        CompletionHandler<V, A> elsewhere(Fault fault) {
            return new CompletionHandler<>() {
                @Override
                public void completed(V result, A same) {
                    elsewhere.execute(() -> {
                        fault.awaitGate();
                        Counted.this.completed(result, same);
                    });
                }

                @Override
                public void failed(Throwable cause, A same) {
                    elsewhere.execute(() -> {
                        fault.awaitGate();
                        Counted.this.failed(cause);
                    });
                }
            };
        }

        CompletionHandler<V, A> restoring(Shortened part) {
            return new CompletionHandler<>() {
                @Override
                public void completed(V result, A same) {
                    part.restore();
                    Counted.this.completed(result, same);
                }

                @Override
                public void failed(Throwable cause, A same) {
                    part.restore();
                    Counted.this.failed(cause);
                }
            };
        }
    }

    @Override
    public String toString() {
        return "FaultyChannel[" + plan + ", " + channel() + "]";
    }
}
