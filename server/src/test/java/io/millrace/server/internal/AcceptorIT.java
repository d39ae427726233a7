package io.millrace.server.internal;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.engine.IoRuntime;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.IoContextPool;
import io.millrace.testing.CapturedLog;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AcceptorIT {
    private final AtomicInteger permits = new AtomicInteger();
    private final AtomicInteger handedOver = new AtomicInteger();
    private Consumer<AsynchronousSocketChannel> handOver = this::count;
    private final Listener listener = new Listener();
    private IoRuntime runtime;

    @BeforeEach
    void start() throws IOException {
        runtime = IoRuntime.start(
                new IoRuntime.Threads("acceptor-it", 1, true),
                System::nanoTime,
                new BufferPool(1 << 20),
                new IoContextPool(1));
    }

    @AfterEach
    void stop() {
        runtime.shutdown(TimeUnit.SECONDS.toNanos(5));
    }

    @Test
    void failedAcceptIsTriedAgainAfterAPauseThatGrowsFrom50Millis() {
        Acceptor acceptor = acceptor(1);
        acceptor.start();

        for (int attempt = 1; attempt <= 3; attempt++) {
            listener.fail(new IOException("Too many open files"));
            int next = attempt + 1;
            await().atMost(Duration.ofSeconds(5)).until(() -> listener.attempts.size() == next);
        }

        assertEquals(3, acceptor.failures());
        for (int attempt = 1; attempt <= 3; attempt++) {
            long pauseMillis = TimeUnit.NANOSECONDS.toMillis(
                    listener.attempts.get(attempt) - listener.failedNanos.get(attempt - 1));
            assertTrue(pauseMillis >= 50L << (attempt - 1), "pause " + attempt + " was " + pauseMillis + " ms");
        }
        acceptor.close();
    }

    @Test
    void channelThatThrowsInsteadOfFailingIsTriedAgainToo() {
        Acceptor acceptor = acceptor(1);
        listener.refusals.set(2);

        acceptor.start();

        await().atMost(Duration.ofSeconds(5)).until(() -> listener.attempts.size() == 3);
        assertEquals(2, acceptor.failures());
        acceptor.close();
    }

    @Test
    void acceptIsTriedAgainThoughItsFailureCannotBeTold() {
        Acceptor acceptor = acceptor(1);
        acceptor.start();

        try (CapturedLog log = new CapturedLog()) {
            listener.fail(new IOException() {
                private static final long serialVersionUID = 1;

                @Override
                public String toString() {
                    throw new IllegalStateException("on purpose");
                }
            });
            await().atMost(Duration.ofSeconds(5)).until(() -> listener.attempts.size() == 2);
            assertTrue(log.lines().toString().contains("failed accept could not be handled"), log.lines()::toString);
        }
        acceptor.close();
    }

    @Test
    void connectionThatCannotBeHandedOverIsClosedAndTheNextOneIsAccepted() throws IOException {
        Acceptor acceptor = acceptor(2);
        handOver = connection -> {
            throw new IllegalStateException("on purpose");
        };
        acceptor.start();
        AsynchronousSocketChannel connection = runtime.openChannel();

        try (CapturedLog log = new CapturedLog()) {
            listener.succeed(connection);
            assertTrue(log.lines().toString().contains("could not be handed over"), log.lines()::toString);
        }

        assertFalse(connection.isOpen());
        assertTrue(listener.isPending());
        acceptor.close();
    }

    @Test
    void noAcceptIsStartedUntilTheOwnerLetsItAndThenOne() throws IOException {
        Acceptor acceptor = acceptor(2);
        acceptor.start();
        listener.succeed(runtime.openChannel());
        listener.succeed(runtime.openChannel());
        assertEquals(2, listener.attempts.size());
        acceptor.start();
        assertFalse(listener.isPending());

        permits.incrementAndGet();
        acceptor.start();

        assertTrue(listener.isPending());
        acceptor.start();
        assertEquals(3, listener.attempts.size());
        assertEquals(2, handedOver.get());
        acceptor.close();
    }

    @Test
    void pauseEndsWhenADescriptorIsFreed() throws IOException {
        Acceptor acceptor = acceptor(1);
        acceptor.start();
        acceptor.descriptorFreed();
        assertEquals(1, listener.attempts.size());
        for (int failure = 1; failure <= 6; failure++) {
            listener.fail(new IOException("Too many open files"));
            acceptor.descriptorFreed();
            assertTrue(listener.isPending());
        }

        assertEquals(7, listener.attempts.size());
        long sinceNanos = listener.attempts.get(6) - listener.failedNanos.get(5);
        assertTrue(sinceNanos < TimeUnit.MILLISECONDS.toNanos(1600), "waited for " + sinceNanos + " ns");
        acceptor.close();
    }

    @Test
    void connectionAcceptedAfterTheCloseIsClosedAndNotHandedOver() throws IOException {
        Acceptor acceptor = acceptor(1);
        acceptor.start();
        AsynchronousSocketChannel late = runtime.openChannel();

        acceptor.close();
        listener.succeed(late);

        assertFalse(late.isOpen());
        assertEquals(0, handedOver.get());
    }

    @Test
    void closedAcceptorCountsNoFailureAndTriesNoMore() {
        Acceptor acceptor = acceptor(1);
        acceptor.start();

        acceptor.close();
        listener.fail(new AsynchronousCloseException());
        acceptor.start();
        acceptor.descriptorFreed();

        assertEquals(0, acceptor.failures());
        assertEquals(1, listener.attempts.size());
        assertFalse(listener.isOpen());
    }

    private Acceptor acceptor(int limit) {
        permits.set(limit);
        return new Acceptor(listener, runtime.deadlines(), new Acceptor.Owner() {
            @Override
            public boolean mayAccept(Acceptor acceptor) {
                return permits.get() > 0;
            }

            @Override
            public void accepted(AsynchronousSocketChannel connection, Acceptor acceptor) {
                permits.decrementAndGet();
                handOver.accept(connection);
            }
        });
    }

    private void count(AsynchronousSocketChannel connection) {
        handedOver.incrementAndGet();
        try {
            connection.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A listening channel whose accepts complete when the test says so. */
    private static final class Listener extends AsynchronousServerSocketChannel {
        final CopyOnWriteArrayList<Long> attempts = new CopyOnWriteArrayList<>();
        final CopyOnWriteArrayList<Long> failedNanos = new CopyOnWriteArrayList<>();
        final AtomicInteger refusals = new AtomicInteger();
        private CompletionHandler<AsynchronousSocketChannel, ?> pending;
        private boolean open = true;

        Listener() {
            super(null);
        }

        @Override
        @SuppressWarnings("unchecked")
        public synchronized <A> void accept(
                A attachment, CompletionHandler<AsynchronousSocketChannel, ? super A> handler) {
            attempts.add(System.nanoTime());
            if (refusals.get() > 0) {
                refusals.decrementAndGet();
                throw new IllegalStateException("refused on purpose");
            }
            if (pending != null) {
                throw new AcceptPendingException();
            }
            pending = handler;
        }

        void fail(Exception cause) {
            failedNanos.add(System.nanoTime());
            take().failed(cause, null);
        }

        void succeed(AsynchronousSocketChannel channel) {
            take().completed(channel, null);
        }

        synchronized boolean isPending() {
            return pending != null;
        }

        private synchronized CompletionHandler<AsynchronousSocketChannel, ?> take() {
            CompletionHandler<AsynchronousSocketChannel, ?> taken = pending;
            pending = null;
            return taken;
        }

        @Override
        public Future<AsynchronousSocketChannel> accept() {
            throw new UnsupportedOperationException();
        }

        @Override
        public AsynchronousServerSocketChannel bind(SocketAddress local, int backlog) {
            return this;
        }

        @Override
        public <T> AsynchronousServerSocketChannel setOption(SocketOption<T> name, T value) {
            return this;
        }

        @Override
        public <T> T getOption(SocketOption<T> name) {
            return null;
        }

        @Override
        public Set<SocketOption<?>> supportedOptions() {
            return Set.of();
        }

        @Override
        public SocketAddress getLocalAddress() {
            return null;
        }

        @Override
        public synchronized boolean isOpen() {
            return open;
        }

        @Override
        public synchronized void close() {
            open = false;
        }
    }
}
