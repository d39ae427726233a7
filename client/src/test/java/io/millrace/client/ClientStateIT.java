package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The states that a client goes through, each told once and in order; and sources of endpoints of every character. */
@Tag("engine")
class ClientStateIT {
    private static final Backoff HOURS =
            Backoff.defaults().delays(Duration.ofHours(1), Duration.ofHours(1)).jitter(0);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final Told told = new Told();

    /** What a listener was told. */
    private static final class Told implements ClientStateListener {
        private final List<String> changes = new CopyOnWriteArrayList<>();
        private volatile ClientState last = ClientState.IDLE;
        private volatile @Nullable TransportException lastCause;

        @Override
        public void stateChanged(ClientState from, ClientState to, @Nullable TransportException cause) {
            boolean chained = from == last && from != to && IoRuntime.mustNotBlock();
            changes.add(chained ? to.toString() : "BROKEN " + from + " to " + to + " on " + Thread.currentThread());
            last = to;
            lastCause = cause;
        }

        void await(ClientState... expected) {
            List<String> names =
                    Arrays.stream(expected).map(ClientState::toString).toList();
            awaitSoon(names + "; told " + changes, () -> changes.size() >= names.size());
            assertEquals(names, changes);
        }
    }

    private TcpClientBuilder to(int port) {
        return Clients.to(port).onStateChange(told).jmx(false);
    }

    @Test
    void everyStateIsToldOnceAndInOrder() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = leaks.close(new DeadPort());
        TcpClient client = leaks.watch(to(down.port())
                .group(clocked.group())
                .backoff(HOURS.giveUpAfter(2))
                .build());
        assertEquals(ClientState.IDLE, client.state());

        assertInstanceOf(ConnectFailedException.class, failureOf(client.request(new byte[1], LONG)));
        told.await(ClientState.CONNECTING, ClientState.BACKING_OFF);
        assertInstanceOf(ConnectFailedException.class, told.lastCause);
        RequestRefusedException refused =
                assertInstanceOf(RequestRefusedException.class, failureOf(client.request(new byte[1], LONG)));
        assertEquals(Reason.NO_CONNECTION, refused.reason());

        clocked.advance(Duration.ofHours(2));
        told.await(ClientState.CONNECTING, ClientState.BACKING_OFF, ClientState.IDLE);
        failureOf(client.request(new byte[1], LONG));
        told.await(
                ClientState.CONNECTING,
                ClientState.BACKING_OFF,
                ClientState.IDLE,
                ClientState.CONNECTING,
                ClientState.GAVE_UP);
        assertInstanceOf(ConnectFailedException.class, told.lastCause);
        refused = assertInstanceOf(RequestRefusedException.class, failureOf(client.request(new byte[1], LONG)));
        assertEquals(Reason.GAVE_UP, refused.reason());
        clocked.advance(Duration.ofHours(20));
        assertEquals(2, client.endpoints().get(0).failed(), "nothing is tried");

        told.changes.clear();
        down.close();
        TcpServer server = leaks.watch(Clients.echo(down.port()));
        client.reconnect();
        assertEquals("there", ask(client, "there"));
        told.await(ClientState.CONNECTING, ClientState.READY);
        clocked.advance(Duration.ofHours(1));
        server.closeNow();
        told.await(ClientState.CONNECTING, ClientState.READY, ClientState.IDLE);
        client.close();
        told.await(ClientState.CONNECTING, ClientState.READY, ClientState.IDLE, ClientState.CLOSED);
        assertEquals(ClientState.CLOSED, client.state());
        client.reconnect();
        assertEquals(ClientState.CLOSED, client.state());
    }

    @Test
    void closeOfAClientWithAGroupOfItsOwnIsToldBeforeItIsOver() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        for (int i = 0; i < 20; i++) {
            told.changes.clear();
            told.last = ClientState.IDLE;
            TcpClient client = to(server.port()).build();
            assertEquals("x", ask(client, "x"));

            client.close();

            told.await(ClientState.CONNECTING, ClientState.READY, ClientState.CLOSED);
        }
    }

    @Test
    void stateIsNotMovedByAListenerThatThrowsOrAsks() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        AtomicReference<TcpClient> self = new AtomicReference<>();
        CompletableFuture<ByteBuffer> asked = new CompletableFuture<>();
        TcpClient client = leaks.watch(Clients.to(server.port())
                .jmx(false)
                .onStateChange((from, to, cause) -> {
                    if (to == ClientState.READY) {
                        self.get().request(bytes("within"), LONG).thenAccept(asked::complete);
                        self.get().reconnect();
                    }
                })
                .build());
        self.set(client);

        assertEquals("x", ask(client, "x"));

        assertEquals("within", Clients.text(asked));
        assertEquals(ClientState.READY, client.state());
    }

    // --- sources

    private TcpClientBuilder of(EndpointSource source) {
        return TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoints(source)
                .onStateChange(told)
                .jmx(false);
    }

    private TcpServer named(String name) throws TransportException {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(bytes(name)))
                .drainTimeout(Duration.ofMillis(100))
                .bind("127.0.0.1", 0));
    }

    @Test
    void slowSourceIsWaitedForOffTheIoThreads() throws Exception {
        TcpServer server = named("here");
        CountDownLatch gate = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        AtomicReference<Boolean> onIoThread = new AtomicReference<>(false);
        TcpClient client = leaks.watch(of(() -> {
                    asked.incrementAndGet();
                    onIoThread.set(IoRuntime.mustNotBlock());
                    awaitOpen(gate);
                    return List.of(Endpoint.of("127.0.0.1", server.port()));
                })
                .build());
        CompletableFuture<ByteBuffer> early = client.request(new byte[1], LONG);
        CompletableFuture<ByteBuffer> other = client.request(new byte[1], LONG);
        assertInstanceOf(RequestTimeoutException.class, failureOf(client.request(new byte[1], Duration.ofMillis(50))));
        assertFalse(early.isDone());

        gate.countDown();

        assertEquals("here", Clients.text(early));
        assertEquals("here", Clients.text(other));
        assertEquals(1, asked.get());
        assertFalse(onIoThread.get());
    }

    private static void awaitOpen(CountDownLatch gate) throws IOException {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    @Test
    void sourceThatHangsForEverCostsCallersTheirDeadlineAndNothingAfterTheClose() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        TcpClient client = leaks.watch(of(() -> {
                    awaitOpen(never);
                    return List.of();
                })
                .build());
        CompletableFuture<ByteBuffer> waits = client.request(new byte[1], LONG);
        for (int i = 0; i < 5; i++) {
            assertInstanceOf(
                    RequestTimeoutException.class, failureOf(client.request(new byte[1], Duration.ofMillis(20))));
        }
        assertEquals(1, client.poolStats().waiting());

        client.close();

        assertEquals("the client is closed", failureOf(waits).getMessage());
        awaitSoon("the thread has ended", () -> !LeakCheck.millraceThreads().contains("millrace-endpoints"));
    }

    @Test
    void sourceThatFailsFailsWhoWaitsAndIsAskedAgain() throws Exception {
        TcpServer server = named("here");
        AtomicReference<@Nullable IOException> failure = new AtomicReference<>(new IOException("no registry"));
        AtomicInteger asked = new AtomicInteger();
        ClockedGroup clocked = ClockedGroup.start(leaks);
        TcpClient client = leaks.watch(of(() -> {
                    asked.incrementAndGet();
                    IOException now = failure.get();
                    if (now != null) {
                        throw now;
                    }
                    return List.of(Endpoint.of("127.0.0.1", server.port()));
                })
                .group(clocked.group())
                .build());
        // asked when the client was built: whoever comes before the next time waits for that
        awaitSoon("asked", () -> asked.get() == 1);
        CompletableFuture<ByteBuffer> early = client.request(new byte[1], LONG);
        clocked.advance(Duration.ofMillis(1_010));
        String said = failureOf(early).getMessage();
        assertTrue(said.contains("no registry"), said);

        failure.set(null);
        CompletableFuture<ByteBuffer> later = client.request(new byte[1], LONG);
        clocked.advance(Duration.ofMillis(1_010));
        assertEquals("here", Clients.text(later));
    }

    @Test
    void endpointThatIsTakenOffTheListFinishesWhatItHasAndTheNewOneIsUsed() throws Exception {
        RawServer old = leaks.close(RawServer.start());
        TcpServer fresh = named("fresh");
        AtomicReference<List<Endpoint>> known = new AtomicReference<>(List.of(Endpoint.of("127.0.0.1", old.port())));
        ClockedGroup clocked = ClockedGroup.start(leaks);
        TcpClient client = leaks.watch(of(known::get)
                .group(clocked.group())
                .pool(PoolConfig.builder().minIdle(1).build())
                .build());
        CompletableFuture<ByteBuffer> inFlight = client.request(bytes("slow"), LONG);
        try (RawServer.Connection connection = old.accept()) {
            assertEquals("slow", connection.receiveText());
            known.set(List.of(Endpoint.of("127.0.0.1", fresh.port())));
            clocked.advance(Duration.ofSeconds(2));

            client.reconnect();

            awaitSoon(
                    "the list has come",
                    () -> client.endpoints().get(0).endpoint().port() == fresh.port());
            assertEquals("fresh", ask(client, "who?"));
            assertFalse(inFlight.isDone());
            connection.send("answered");
            assertEquals("answered", Clients.text(inFlight));
            assertEquals(-1, connection.read(), "and then it ends");
        }
        assertEquals(1, client.endpoints().size());
        awaitSoon("one is left", () -> client.sessionCount() == 1);
    }
}
