package io.millrace.client.internal;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.ConnectTimeoutException;
import io.millrace.core.SocketConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects channels. The only caller of connect.
 *
 * <p>Threading: Thread-safe.
 */
public final class Connector implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Connector.class);

    private final IoRuntime runtime;
    private final SocketConfig socket;
    private final Resolver resolver = new Resolver();
    private final Set<Attempt> attempts = ConcurrentHashMap.newKeySet();
    // Written once, by close(), before it goes through the attempts; read by connect after it has listed its own.
    private volatile boolean closed;

    /**
     * Makes a connector.
     *
     * @param runtime the group whose channels it connects
     * @param socket the options of the channels
     */
    public Connector(IoRuntime runtime, SocketConfig socket) {
        this.runtime = runtime;
        this.socket = socket;
    }

    /**
     * Connects to an endpoint.
     *
     * @param endpoint where to
     * @param timeoutNanos how long name lookup and all addresses together may take, in nanoseconds
     * @return completes with a connected channel that belongs to the caller, or fails with a
     *     {@link TransportException}
     */
    public CompletableFuture<AsynchronousSocketChannel> connect(Endpoint endpoint, long timeoutNanos) {
        Attempt attempt = new Attempt(endpoint, timeoutNanos);
        attempts.add(attempt);
        attempt.outcome.whenComplete((channel, failure) -> attempts.remove(attempt));
        attempt.start();
        if (closed) {
            attempt.fail(clientClosed());
        }
        return attempt.outcome;
    }

    /** Fails all attempts under way, and every later one. */
    @Override
    public void close() {
        closed = true;
        for (Attempt attempt : attempts) {
            attempt.fail(clientClosed());
        }
        resolver.close();
    }

    private static TransportException clientClosed() {
        return new TransportException("the client is closed");
    }

    private static void closeQuietly(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("close failed; cause={}", e.toString());
        }
    }

    /** One attempt to reach an endpoint: looks it up, then tries its addresses in turn, all within one deadline. */
    private final class Attempt implements CompletionHandler<Void, AsynchronousSocketChannel> {
        /*
         *   start --> resolving --> connecting to address 1 --> ... --> connecting to address n --> failed
         *                |                    |
         *                |                    +--> connected
         *                +--> (at any time) deadline or close: given up
         *
         * The outcome is a future, which takes the first answer; a channel that comes later is closed. The time left
         * is spread over the addresses left, so that a dead one does not eat the others' share. A failed connect has
         * closed its channel, so each address gets a new one.
         */
        private final Endpoint endpoint;
        private final long timeoutNanos;
        private final long deadlineNanos;
        private final CompletableFuture<AsynchronousSocketChannel> outcome = new CompletableFuture<>();
        private final Deadline giveUp = new Deadline() {
            @Override
            protected void expired() {
                runtime.execute(Attempt.this::shareIsOver);
            }
        };

        // Guarded by this.
        private InetAddress[] addresses = {};
        private int addressesTried;
        private long shareEndNanos;
        private boolean timedOut;
        private @Nullable AsynchronousSocketChannel connecting;
        private @Nullable TransportException lastFailure;

        Attempt(Endpoint endpoint, long timeoutNanos) {
            this.endpoint = endpoint;
            this.timeoutNanos = timeoutNanos;
            this.deadlineNanos = runtime.deadlines().nanoTime() + timeoutNanos;
            this.shareEndNanos = deadlineNanos;
        }

        void start() {
            runtime.deadlines().arm(giveUp, timeoutNanos);
            resolver.resolve(endpoint.host())
                    .whenComplete((found, unknown) -> runtime.execute(() -> resolved(found, unknown)));
        }

        private void resolved(InetAddress @Nullable [] found, @Nullable Throwable unknown) {
            if (found == null) {
                fail(new TransportException("cannot resolve " + endpoint.host() + ": " + unknown, unknown));
                return;
            }
            synchronized (this) {
                addresses = found;
            }
            tryNextAddress();
        }

        private void tryNextAddress() {
            if (outcome.isDone()) {
                return;
            }
            InetSocketAddress address = nextAddress();
            if (address == null) {
                fail(lastFailure());
                return;
            }
            AsynchronousSocketChannel channel;
            try {
                channel = runtime.openChannel();
            } catch (IOException | RuntimeException e) {
                fail(new TransportException("cannot connect to " + endpoint + ": " + e.getMessage(), e));
                return;
            }
            connect(channel, address);
        }

        private synchronized @Nullable InetSocketAddress nextAddress() {
            if (addressesTried == addresses.length) {
                return null;
            }
            long now = runtime.deadlines().nanoTime();
            shareEndNanos = now + Math.max(0, deadlineNanos - now) / (addresses.length - addressesTried);
            timedOut = false;
            return new InetSocketAddress(addresses[addressesTried++], endpoint.port());
        }

        private void connect(AsynchronousSocketChannel channel, InetSocketAddress address) {
            synchronized (this) {
                connecting = channel;
                runtime.deadlines()
                        .arm(giveUp, shareEndNanos - runtime.deadlines().nanoTime());
            }
            if (outcome.isDone()) {
                // Given up meanwhile, perhaps by a fail() that has not seen this channel.
                runtime.deadlines().cancel(giveUp);
                closeQuietly(channel);
                return;
            }
            try {
                Sockets.beforeConnect(socket, channel);
                channel.connect(address, channel, this);
            } catch (Throwable notStarted) {
                // Handlers never throw, so this is the channel's own refusal: the operation has not begun.
                failed(notStarted, channel);
            }
        }

        @Override
        public void completed(Void nothing, AsynchronousSocketChannel channel) {
            try {
                connected(channel);
            } catch (Throwable broken) {
                closeQuietly(channel);
                fail(new TransportException("cannot connect to " + endpoint + ": " + broken, broken));
            }
        }

        private void connected(AsynchronousSocketChannel channel) {
            try {
                if (channel.getLocalAddress().equals(channel.getRemoteAddress())) {
                    // A dead port in the ephemeral range can be connected to itself: nobody is there.
                    notConnected(new IOException("refused (connected to itself)"), channel);
                    return;
                }
            } catch (IOException alreadyBroken) {
                notConnected(alreadyBroken, channel);
                return;
            }
            synchronized (this) {
                // Its owner's from now on: no deadline of ours may close it.
                connecting = null;
            }
            runtime.deadlines().cancel(giveUp);
            if (!outcome.complete(channel)) {
                closeQuietly(channel);
            }
        }

        @Override
        public void failed(Throwable cause, AsynchronousSocketChannel channel) {
            try {
                notConnected(cause, channel);
            } catch (Throwable broken) {
                fail(new TransportException("cannot connect to " + endpoint + ": " + broken, broken));
            }
        }

        private void notConnected(Throwable cause, AsynchronousSocketChannel channel) {
            closeQuietly(channel);
            synchronized (this) {
                connecting = null;
                lastFailure = timedOut
                        ? timeout()
                        : new TransportException("cannot connect to " + endpoint + ": " + cause.getMessage(), cause);
            }
            tryNextAddress();
        }

        private void shareIsOver() {
            AsynchronousSocketChannel late;
            boolean nothingLeft;
            synchronized (this) {
                if (outcome.isDone() || runtime.deadlines().nanoTime() - shareEndNanos < 0) {
                    return;
                }
                timedOut = true;
                late = connecting;
                // Between two addresses there is no channel, but there is hope.
                nothingLeft = addressesTried == addresses.length;
            }
            if (late == null && nothingLeft) {
                fail(timeout());
            } else if (late != null) {
                closeQuietly(late);
            }
        }

        private ConnectTimeoutException timeout() {
            return new ConnectTimeoutException("no connection to " + endpoint + " within "
                    + Duration.ofNanos(timeoutNanos).toMillis() + " ms");
        }

        private synchronized TransportException lastFailure() {
            return lastFailure != null ? lastFailure : new TransportException(endpoint.host() + " has no address");
        }

        void fail(TransportException cause) {
            // First the outcome, then the channel: connect() does it the other way round, so one of us closes it.
            boolean first = outcome.completeExceptionally(cause);
            AsynchronousSocketChannel unfinished;
            synchronized (this) {
                unfinished = connecting;
            }
            runtime.deadlines().cancel(giveUp);
            if (first && unfinished != null) {
                closeQuietly(unfinished);
            }
        }
    }
}
