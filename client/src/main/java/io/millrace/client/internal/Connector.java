package io.millrace.client.internal;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.NotSentException;
import io.millrace.core.SocketConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Sockets;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
    private final ConnectOptions options;
    private final Resolver resolver;
    private final Set<Attempt> attempts = ConcurrentHashMap.newKeySet();
    // Written once, by close(), before it goes through the attempts; read by connect after it has listed its own.
    private volatile boolean closed;

    /**
     * Makes a connector.
     *
     * @param runtime the group whose channels it connects
     * @param socket the options of the channels
     * @param options how names are looked up, and where connections come from
     */
    public Connector(IoRuntime runtime, SocketConfig socket, ConnectOptions options) {
        this.runtime = runtime;
        this.socket = socket;
        this.options = options;
        this.resolver = new Resolver(options.names());
    }

    /**
     * Connects to an endpoint.
     *
     * @param endpoint where to
     * @param timeoutNanos how long name lookup and all addresses together may take, in nanoseconds
     * @return completes with a connected channel that belongs to the caller, or fails with a
     *     {@link ConnectFailedException}, or a {@link TransportException} if this connector is closed; cancelling it
     *     gives the attempt up and closes its channel
     */
    public CompletableFuture<AsynchronousSocketChannel> connect(Endpoint endpoint, long timeoutNanos) {
        Attempt attempt = new Attempt(endpoint, timeoutNanos);
        attempts.add(attempt);
        attempt.outcome.whenComplete((channel, failure) -> {
            attempts.remove(attempt);
            if (failure != null) {
                attempt.release();
            }
        });
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
        return new NotSentException("the client is closed");
    }

    private static List<InetAddress> ofFamily(InetAddress local, List<InetAddress> found) {
        return found.stream()
                .filter(address -> (address instanceof Inet6Address) == (local instanceof Inet6Address)
                        || local.isAnyLocalAddress())
                .toList();
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
         *                +--> (at any time) deadline, close or cancel: given up
         *
         * The outcome is a future, which takes the first answer; a channel that comes later is closed. The lookup has a
         * share of the time, and what is left is spread over the addresses left, so that neither a name that hangs nor a
         * dead address eats the others' share: shareEndNanos is the end of the present share. A failed connect has
         * closed its channel, so each address gets a new one. What is wrong with this machine and not with the address
         * (no descriptor, no local address) ends the attempt.
         *
         * Whoever gives up completes the outcome first and closes the channel then, release(); connect() publishes the
         * channel first and looks at the outcome then. So one of them closes it.
         */
        private final Endpoint endpoint;
        private final long deadlineNanos;
        private final CompletableFuture<AsynchronousSocketChannel> outcome = new CompletableFuture<>();
        private final Deadline giveUp = new Deadline() {
            @Override
            protected void expired() {
                runtime.execute(Attempt.this::shareIsOver);
            }
        };

        // Guarded by this.
        private @Nullable List<InetAddress> addresses;
        private final List<ConnectFailure> failures = new ArrayList<>();
        private int addressesTried;
        private long shareNanos;
        private long shareEndNanos;
        private boolean timedOut;
        private @Nullable AsynchronousSocketChannel connecting;

        Attempt(Endpoint endpoint, long timeoutNanos) {
            this.endpoint = endpoint;
            long now = runtime.deadlines().nanoTime();
            this.deadlineNanos = now + timeoutNanos;
            this.shareNanos = Math.min(options.resolveNanos(), timeoutNanos);
            this.shareEndNanos = now + shareNanos;
        }

        void start() {
            runtime.deadlines().arm(giveUp, shareNanos);
            resolver.resolve(endpoint.host())
                    .whenComplete((found, unknown) -> runtime.execute(() -> resolved(found, unknown)));
        }

        private void resolved(@Nullable List<InetAddress> found, @Nullable Throwable unknown) {
            if (found == null) {
                fail(ConnectFailure.unresolved(endpoint, unknown, 0));
                return;
            }
            InetSocketAddress local = options.localAddress();
            List<InetAddress> usable = local == null ? found : ofFamily(local.getAddress(), found);
            if (local != null && usable.isEmpty()) {
                fail(ConnectFailure.localAddress(endpoint, local, "it is not of the family of " + found));
                return;
            }
            synchronized (this) {
                addresses = usable;
            }
            tryNextAddress();
        }

        private void tryNextAddress() {
            if (outcome.isDone()) {
                return;
            }
            InetSocketAddress address = nextAddress();
            if (address == null) {
                fail(allFailed());
                return;
            }
            AsynchronousSocketChannel channel = open();
            if (channel != null) {
                connect(channel, address);
            }
        }

        private synchronized @Nullable InetSocketAddress nextAddress() {
            List<InetAddress> known = Objects.requireNonNull(addresses, "addresses");
            if (addressesTried == known.size()) {
                return null;
            }
            long now = runtime.deadlines().nanoTime();
            shareNanos = Math.max(0, deadlineNanos - now) / (known.size() - addressesTried);
            shareEndNanos = now + shareNanos;
            timedOut = false;
            return new InetSocketAddress(known.get(addressesTried++), endpoint.port());
        }

        /** Returns a channel that comes from the right place, or null if there is none and so no hope. */
        private @Nullable AsynchronousSocketChannel open() {
            AsynchronousSocketChannel channel;
            try {
                channel = runtime.openChannel();
            } catch (IOException | RuntimeException e) {
                fail(ConnectFailure.before(endpoint, e));
                return null;
            }
            InetSocketAddress local = options.localAddress();
            try {
                if (local != null) {
                    channel.bind(local);
                }
                return channel;
            } catch (IOException | RuntimeException e) {
                closeQuietly(channel);
                fail(ConnectFailure.localAddress(endpoint, Objects.requireNonNull(local), e));
                return null;
            }
        }

        private void connect(AsynchronousSocketChannel channel, InetSocketAddress address) {
            synchronized (this) {
                connecting = channel;
                runtime.deadlines()
                        .arm(giveUp, shareEndNanos - runtime.deadlines().nanoTime());
            }
            if (outcome.isDone()) {
                // Given up meanwhile, perhaps by a release() that has not seen this channel.
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
                fail(ConnectFailure.before(endpoint, broken));
            }
        }

        private void connected(AsynchronousSocketChannel channel) {
            try {
                if (channel.getLocalAddress().equals(channel.getRemoteAddress())) {
                    // A dead port in the ephemeral range can be connected to itself: nobody is there.
                    notConnected(ConnectFailure.self(address()), channel);
                    return;
                }
            } catch (IOException alreadyBroken) {
                notConnected(ConnectFailure.of(address(), alreadyBroken), channel);
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
                notConnected(isTimedOut() ? noAnswer() : ConnectFailure.of(address(), cause), channel);
            } catch (Throwable broken) {
                fail(ConnectFailure.before(endpoint, broken));
            }
        }

        private void notConnected(ConnectFailure failure, AsynchronousSocketChannel channel) {
            closeQuietly(channel);
            synchronized (this) {
                connecting = null;
                failures.add(failure);
            }
            tryNextAddress();
        }

        private void shareIsOver() {
            AsynchronousSocketChannel late;
            synchronized (this) {
                if (outcome.isDone() || runtime.deadlines().nanoTime() - shareEndNanos < 0) {
                    return;
                }
                timedOut = true;
                // Between two addresses there is no channel: the next share begins at once.
                late = connecting;
            }
            if (isResolving()) {
                fail(ConnectFailure.unresolved(endpoint, null, shareNanos()));
            } else if (late != null) {
                closeQuietly(late);
            }
        }

        private synchronized boolean isResolving() {
            return addresses == null;
        }

        private synchronized boolean isTimedOut() {
            return timedOut;
        }

        private synchronized long shareNanos() {
            return shareNanos;
        }

        /** The address that is being tried. */
        private synchronized InetSocketAddress address() {
            return new InetSocketAddress(
                    Objects.requireNonNull(addresses, "addresses").get(addressesTried - 1), endpoint.port());
        }

        private ConnectFailure noAnswer() {
            return ConnectFailure.noAnswer(address(), shareNanos());
        }

        private synchronized ConnectFailedException allFailed() {
            return ConnectFailure.all(endpoint, failures);
        }

        void fail(TransportException cause) {
            outcome.completeExceptionally(cause);
        }

        /** The outcome is a failure: lets go of what the attempt holds. */
        void release() {
            AsynchronousSocketChannel unfinished;
            synchronized (this) {
                unfinished = connecting;
            }
            runtime.deadlines().cancel(giveUp);
            if (unfinished != null) {
                closeQuietly(unfinished);
            }
        }
    }
}
