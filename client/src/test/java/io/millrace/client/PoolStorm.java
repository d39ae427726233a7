package io.millrace.client;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.PoolOrder;
import io.millrace.client.pool.PoolStats;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import io.millrace.testing.FaultProxy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One round of everything that can happen to a pool, in an order that follows from a seed. */
final class PoolStorm implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final int MOST_MILLIS = 400;

    private final Random random;
    private final IoGroup group;
    private final int kind;
    private final List<Place> places = new ArrayList<>();
    private final TcpClient client;
    private final List<Asked> asked = new ArrayList<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Queue<String> states = new ConcurrentLinkedQueue<>();
    private volatile List<Endpoint> known = List.of();
    private ClientState lastState = ClientState.IDLE;

    PoolStorm(IoGroup group, Random random) throws Exception {
        this.group = group;
        this.random = random;
        this.kind = random.nextInt(3);
        int endpoints = 1 + random.nextInt(3);
        for (int i = 0; i < endpoints; i++) {
            places.add(new Place());
        }
        known = places.stream().map(Place::endpoint).toList();
        this.client = newClient();
    }

    private Protocol protocol() {
        return kind == 0 ? Protocol.seed() : kind == 1 ? Protocol.lengthPrefixed() : Protocol.millrace();
    }

    private TcpClient newClient() throws TransportException {
        int most = 1 + random.nextInt(6);
        PoolConfig pool = PoolConfig.builder()
                .maxConnections(most)
                .maxConnectionsPerEndpoint(1 + random.nextInt(most))
                .minIdle(random.nextInt(2))
                .maxWaiting(random.nextInt(3) == 0 ? random.nextInt(8) : 500)
                .acquireTimeout(Duration.ofMillis(random.nextInt(3) == 0 ? 50 : 0))
                .idleTimeout(Duration.ofMillis(random.nextInt(3) == 0 ? 0 : 20 + random.nextInt(100)))
                .requestsPerConnection(1 + random.nextInt(4))
                .maxRequests(random.nextInt(4) == 0 ? 5 : 10_000)
                .order(random.nextBoolean() ? PoolOrder.LIFO : PoolOrder.FIFO)
                .attemptDelay(Duration.ofMillis(random.nextInt(3) * 20))
                .build();
        return TcpClient.builder()
                .group(group)
                .jmx(false)
                .protocol(protocol())
                .endpoints(() -> {
                    List<Endpoint> now = known;
                    if (now.isEmpty()) {
                        throw new IOException("none is known");
                    }
                    return now;
                })
                .endpointPicker(random.nextBoolean() ? EndpointPicker.roundRobin() : EndpointPicker.leastInFlight())
                .backoff(Backoff.defaults()
                        .delays(Duration.ofMillis(1 + random.nextInt(10)), Duration.ofMillis(40))
                        .giveUpAfter(random.nextInt(4) == 0 ? 3 : 0))
                .whileDown(random.nextBoolean() ? WhileDown.FAIL : WhileDown.WAIT)
                .pool(pool)
                .connectTimeout(Duration.ofMillis(500))
                .drainTimeout(Duration.ofMillis(200))
                .onStateChange((from, to, cause) -> stateChanged(from, to))
                .build();
    }

    private void stateChanged(ClientState from, ClientState to) {
        states.add(from + ">" + to);
        if (from != lastState || from == to || from == ClientState.CLOSED) {
            wrong.add("state " + to + " after " + states);
        }
        lastState = to;
    }

    /** An endpoint: a proxy, and behind it a server that comes and goes on one port. */
    private final class Place implements AutoCloseable {
        private @Nullable TcpServer server;
        private final int port;
        private final FaultProxy proxy;
        private final boolean direct = random.nextBoolean();

        Place() throws Exception {
            server = start(0);
            port = server.port();
            proxy = FaultProxy.to(server.localAddress(), random.nextLong());
        }

        private TcpServer start(int onPort) throws TransportException {
            TcpServerBuilder builder = TcpServer.builder()
                    .group(group)
                    .jmx(false)
                    .protocol(protocol())
                    .drainTimeout(Duration.ofMillis(50));
            if (kind == 2) {
                builder.onRequest((session, request, reply) -> {
                    switch (request.get(request.position()) % 16) {
                        case 0 -> {}
                        case 1 -> session.abort();
                        case 2 -> session.close();
                        default -> reply.send(request);
                    }
                });
            } else {
                builder.onMessage((session, message) -> {
                    switch (message.get(message.position()) % 16) {
                        case 0 -> {
                            if (kind == 1) {
                                // the order is all there is to tell replies by
                                session.abort();
                            }
                        }
                        case 1 -> session.abort();
                        case 2 -> session.close();
                        default -> session.send(message);
                    }
                });
            }
            return builder.bind("127.0.0.1", onPort);
        }

        Endpoint endpoint() {
            return Endpoint.of("127.0.0.1", direct ? port : proxy.address().getPort());
        }

        void upset(int how) throws TransportException {
            TcpServer now = server;
            if (now == null) {
                server = start(port);
            } else if (how == 0) {
                now.closeNow();
                server = null;
            } else if (how == 1) {
                now.drain(Duration.ofMillis(20));
            } else if (how == 2) {
                now.close();
                server = null;
            } else {
                proxy.resetAll();
            }
        }

        void revive() throws TransportException {
            TcpServer now = server;
            if (now != null) {
                now.closeNow();
            }
            server = start(port);
        }

        @Override
        public void close() throws Exception {
            proxy.close();
            TcpServer now = server;
            if (now != null) {
                now.closeNow();
            }
        }
    }

    /** One request or batch. */
    private final class Asked implements ReplyHandler {
        private final int form = random.nextInt(6);
        private final Duration timeout = Duration.ofMillis(1 + random.nextInt(MOST_MILLIS));
        private final byte[] payload = new byte[1 + random.nextInt(200)];
        private final long startNanos = System.nanoTime();
        private final AtomicInteger outcomes = new AtomicInteger();
        private final CompletableFuture<Object> done = new CompletableFuture<>();
        private @Nullable CompletableFuture<?> cancellable;

        Asked() {
            random.nextBytes(payload);
            payload[0] = (byte) (random.nextInt(3) == 0 ? random.nextInt(3) : 3 + random.nextInt(12));
        }

        void ask() {
            ByteBuffer message = ByteBuffer.wrap(payload);
            RequestOptions options = RequestOptions.within(timeout);
            switch (form) {
                case 0 -> follow(client.request(message, timeout));
                case 1 -> client.request(message, timeout, this);
                case 2 -> follow(client.exchange(message, options.idempotent()));
                case 3 -> follow(client.request(message, options.idempotent()));
                case 4 -> follow(client.batch(messages(), BatchOptions.within(timeout)));
                default ->
                    follow(client.batch(
                            messages(),
                            BatchOptions.within(timeout).pipelined(4).mayMove()));
            }
        }

        private List<ByteBuffer> messages() {
            List<ByteBuffer> messages = new ArrayList<>();
            for (int i = 1 + payload.length % 7; i > 0; i--) {
                messages.add(ByteBuffer.wrap(payload));
            }
            return messages;
        }

        private void follow(CompletableFuture<?> future) {
            cancellable = future;
            future.whenComplete((reply, failure) -> {
                if (reply instanceof ByteBuffer bytes) {
                    check(bytes);
                }
                done();
            });
        }

        private void check(ByteBuffer reply) {
            if (!reply.equals(ByteBuffer.wrap(payload))) {
                wrong.add(this + " has a reply that is not its own");
            }
        }

        private void done() {
            if (outcomes.incrementAndGet() != 1) {
                wrong.add(this + " has " + outcomes + " outcomes");
            }
            Duration taken = Duration.ofNanos(System.nanoTime() - startNanos);
            if (taken.compareTo(timeout.plus(GRACE)) > 0) {
                wrong.add(this + " took " + taken);
            }
            done.complete(this);
        }

        @Override
        public void onReply(ByteBuffer reply) {
            check(reply);
            done();
        }

        @Override
        public void onFailure(TransportException failure) {
            done();
        }

        @Override
        public String toString() {
            return "request of form " + form + " within " + timeout + ", first byte " + payload[0];
        }
    }

    /** Does so many things, and sees that nothing is left of them. */
    void rage(int steps) throws Exception {
        int closeAt = random.nextInt(3) == 0 ? random.nextInt(steps) : steps;
        CompletableFuture<Void> closing = null;
        for (int i = 0; i < steps; i++) {
            if (i == closeAt) {
                closing = CompletableFuture.runAsync(client::close);
            }
            step();
        }
        for (Asked one : asked) {
            try {
                one.done.get(GRACE.toMillis() + MOST_MILLIS, TimeUnit.MILLISECONDS);
            } catch (java.util.concurrent.TimeoutException never) {
                throw new AssertionError("no outcome: " + one + "; " + this, never);
            }
        }
        if (closing == null) {
            expectRecovery();
            expectRest();
            client.close();
        } else {
            closing.get(20, TimeUnit.SECONDS);
        }
        expectNothing();
    }

    private void step() throws Exception {
        int dice = random.nextInt(100);
        Place place = places.get(random.nextInt(places.size()));
        if (dice < 70) {
            Asked one = new Asked();
            asked.add(one);
            one.ask();
        } else if (dice < 76) {
            place.upset(random.nextInt(4));
        } else if (dice < 78) {
            client.reconnect();
        } else if (dice < 80) {
            int from = random.nextInt(places.size());
            known = random.nextInt(4) == 0
                    ? List.of()
                    : places.subList(from, places.size()).stream()
                            .map(Place::endpoint)
                            .toList();
        } else if (dice < 85 && !asked.isEmpty()) {
            CompletableFuture<?> any = asked.get(random.nextInt(asked.size())).cancellable;
            if (any != null) {
                any.cancel(false);
            }
        } else if (dice < 92 && !asked.isEmpty()) {
            asked.get(random.nextInt(asked.size())).done.get(GRACE.toMillis() + MOST_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(3_000)));
        }
    }

    /** Whatever has happened: once all servers are there again, and it is told so, the client is served by them. */
    private void expectRecovery() throws Exception {
        for (Place place : places) {
            place.revive();
        }
        known = places.stream().map(Place::endpoint).toList();
        client.reconnect();
        LeakCheck.awaitSoon("recovery: " + this, () -> {
            CompletableFuture<ByteBuffer> reply = client.request(new byte[] {'x'}, Duration.ofSeconds(3));
            return reply.handle((bytes, failure) -> {
                        if (failure instanceof RequestTimeoutException) {
                            wrong.add("timed out though all servers are there: " + failure + "; " + this);
                        }
                        return failure == null;
                    })
                    .get(20, TimeUnit.SECONDS);
        });
    }

    /** Nobody asks any more: nobody waits, nothing is lent, and what is open is idle. */
    private void expectRest() {
        LeakCheck.awaitSoon("rest: " + this, () -> {
            PoolStats pool = client.poolStats();
            return pool.waiting() == 0 && pool.borrowed() == 0 && pool.open() == pool.idle();
        });
    }

    private void expectNothing() {
        LeakCheck.awaitSoon("nothing: " + this, () -> {
            PoolStats pool = client.poolStats();
            return client.sessionCount() == 0
                    && pool.open() + pool.opening() + pool.waiting() + pool.borrowed() == 0
                    && isToldOfItsClose();
        });
        if (!wrong.isEmpty()) {
            throw new AssertionError(wrong.size() + " wrong: " + wrong.peek() + "; " + this);
        }
    }

    private boolean isToldOfItsClose() {
        return states.stream().anyMatch(change -> change.endsWith(">" + ClientState.CLOSED));
    }

    @Override
    public void close() throws Exception {
        client.close();
        for (Place place : places) {
            place.close();
        }
    }

    @Override
    public String toString() {
        return "kind " + kind + ", " + client.poolStats() + ", " + client.endpoints() + ", states " + states;
    }
}
