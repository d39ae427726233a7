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
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a pool finds its way back: what it takes for a failure, when it tries again, and where it goes meanwhile. */
@Tag("engine")
class PoolHealingIT {
    private static final Duration SECOND = Duration.ofSeconds(1);
    /** No delay of it is ever over by itself. */
    private static final Backoff ONCE =
            Backoff.defaults().delays(Duration.ofHours(1), Duration.ofHours(1)).jitter(0);

    private static final int SEED_REQUEST_BYTES = Integer.BYTES + 1;
    private static final byte[] SEED_REPLY = {9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'x'};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static TcpClientBuilder to(Protocol protocol, int... ports) {
        Endpoint[] endpoints = new Endpoint[ports.length];
        for (int i = 0; i < ports.length; i++) {
            endpoints[i] = Endpoint.of("127.0.0.1", ports[i]);
        }
        return TcpClient.builder().protocol(protocol).endpoints(endpoints).jmx(false);
    }

    private static Protocol protocol(boolean exclusive) {
        return exclusive ? Protocol.seed() : Protocol.lengthPrefixed();
    }

    /** Whether a server answers, and how often it has not. */
    private static final class Silence {
        private final AtomicInteger unanswered = new AtomicInteger();
        private volatile boolean kept;

        boolean isBroken() {
            if (kept) {
                unanswered.incrementAndGet();
            }
            return !kept;
        }
    }

    /** A server that says who it is, unless it is told not to answer. */
    private TcpServer named(Protocol protocol, int port, String name, Silence silence) throws TransportException {
        return leaks.watch(TcpServer.builder()
                .protocol(protocol)
                .onMessage((session, message) -> {
                    if (silence.isBroken()) {
                        session.send(bytes(name));
                    }
                })
                .drainTimeout(Duration.ofMillis(100))
                .bind("127.0.0.1", port));
    }

    private TcpServer named(Protocol protocol, int port, String name) throws TransportException {
        return named(protocol, port, name, new Silence());
    }

    private static EndpointStats statsOf(TcpClient client, int port) {
        return client.endpoints().stream()
                .filter(stats -> stats.endpoint().port() == port)
                .findFirst()
                .orElseThrow();
    }

    private DeadPort dead() throws IOException {
        return leaks.close(new DeadPort());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endpointThatNeverAnswersIsNotAskedAsLongAsAnotherOneDoes(boolean exclusive) throws Exception {
        Silence silent = new Silence();
        ClockedGroup clocked = ClockedGroup.start(leaks);
        TcpServer mute = named(protocol(exclusive), 0, "mute", silent);
        TcpServer live = named(protocol(exclusive), 0, "live");
        TcpClient client = leaks.watch(to(protocol(exclusive), mute.port(), live.port())
                .group(clocked.group())
                .backoff(Backoff.defaults()
                        .delays(Duration.ofSeconds(10), Duration.ofSeconds(40))
                        .jitter(0))
                .build());
        awaitSoon("both are asked", () -> ask(client, "who?").equals("mute"));
        awaitSoon("both are asked", () -> ask(client, "who?").equals("live"));
        silent.kept = true;

        int timedOut = 0;
        for (int i = 0; i < 40 && statsOf(client, mute.port()).retryIn().isZero(); i++) {
            timedOut += answered(client, clocked, silent) ? 0 : 1;
        }

        assertTrue(timedOut >= 3 && timedOut <= 8, timedOut + " timed out");
        for (int i = 0; i < 8; i++) {
            assertTrue(answered(client, clocked, silent), "the other one is asked");
        }
        clocked.advance(Duration.ofSeconds(11));
        for (int i = 0; i < 20 && statsOf(client, mute.port()).retryIn().isZero(); i++) {
            answered(client, clocked, silent);
        }
        assertTrue(statsOf(client, mute.port()).retryIn().toSeconds() > 10, "longer the second time");
        silent.kept = false;
        clocked.advance(Duration.ofSeconds(40));
        awaitSoon("asked again", () -> ask(client, "who?").equals("mute"));
    }

    /** Asks, and lets two seconds of the clock pass if the one who does not answer is asked. */
    private static boolean answered(TcpClient client, ClockedGroup clocked, Silence silence) throws Exception {
        int before = silence.unanswered.get();
        CompletableFuture<ByteBuffer> reply = client.request(new byte[1], Duration.ofMillis(1_500));
        awaitSoon("asked", () -> reply.isDone() || silence.unanswered.get() > before);
        if (silence.unanswered.get() == before) {
            reply.get(10, TimeUnit.SECONDS);
            return true;
        }
        clocked.advance(Duration.ofSeconds(2));
        assertInstanceOf(RequestTimeoutException.class, failureOf(reply));
        return false;
    }

    @Test
    void connectionsThatAreLostTogetherBeforeTheyWereOfUseAreOneFailure() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(to(Protocol.lengthPrefixed(), server.port())
                .pool(PoolConfig.builder().minIdle(8).build())
                .backoff(ONCE.giveUpAfter(3))
                .build());
        List<RawServer.Connection> accepted = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            accepted.add(server.accept());
        }
        awaitSoon("all open", () -> client.poolStats().open() == 8);

        for (RawServer.Connection one : accepted) {
            one.reset();
        }

        awaitSoon("all lost", () -> client.poolStats().open() == 0);
        assertEquals(1, statsOf(client, server.port()).failuresInARow());
        assertEquals(ClientState.BACKING_OFF, client.state());
    }

    @Test
    void connectionsThatAreLostAfterAnAttemptHasFailedDoNotHaveItMadeAgainAtOnce() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        RawServer server = leaks.close(RawServer.start());
        int connections = 6;
        TcpClient client = leaks.watch(to(Protocol.seed(), server.port())
                .group(clocked.group())
                .pool(PoolConfig.builder()
                        .minIdle(connections)
                        .maxConnections(connections)
                        .build())
                .backoff(ONCE)
                .build());
        List<RawServer.Connection> accepted = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            accepted.add(server.accept());
        }
        awaitSoon("all open", () -> client.poolStats().open() == connections);
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            replies.add(client.request(new byte[1], Duration.ofHours(3)));
        }
        for (RawServer.Connection one : accepted) {
            for (int i = 0; i < SEED_REQUEST_BYTES; i++) {
                one.read();
            }
            one.sendBytes(SEED_REPLY);
        }
        for (CompletableFuture<ByteBuffer> reply : replies) {
            reply.get(10, TimeUnit.SECONDS);
        }
        int port = server.port();
        server.close();
        leaks.close(new DeadPort(port));
        // what was opened just now would be left alone for a while
        clocked.advance(Duration.ofHours(2));

        for (int i = 0; i < connections; i++) {
            int left = connections - i - 1;
            accepted.get(i).reset();
            awaitSoon(
                    "lost; with " + left + " left " + client.poolStats() + client.endpoints(),
                    () -> client.poolStats().open() <= left
                            && client.poolStats().opening() == 0
                            && statsOf(client, port).failed() > 0);
        }

        assertEquals(1, statsOf(client, port).failed(), "attempts that failed");
    }

    @Test
    void clientThatHasGivenUpTriesEndpointsThatAreNew() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        AtomicReference<List<Endpoint>> known = new AtomicReference<>(List.of(Endpoint.of("127.0.0.1", dead().port())));
        TcpServer server = named(Protocol.lengthPrefixed(), 0, "here");
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(Protocol.lengthPrefixed())
                .endpoints(known::get)
                .backoff(ONCE.giveUpAfter(1))
                .build());
        failureOf(client.request(new byte[1], LONG));
        awaitSoon("gave up", () -> client.state() == ClientState.GAVE_UP);

        known.set(List.of(Endpoint.of("127.0.0.1", server.port())));
        clocked.advance(SECOND);
        client.reconnect();

        awaitSoon("new endpoint", () -> client.endpoints().get(0).endpoint().port() == server.port());
        assertEquals("here", ask(client, "where?"));
    }

    @Test
    void sourceThatFailsFirstIsAskedAgainForThoseThatShallAlwaysBeConnected() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        TcpServer server = named(Protocol.lengthPrefixed(), 0, "here");
        AtomicInteger asked = new AtomicInteger();
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(Protocol.lengthPrefixed())
                .endpoints(() -> {
                    if (asked.incrementAndGet() <= 2) {
                        throw new IOException("not yet");
                    }
                    return List.of(Endpoint.of("127.0.0.1", server.port()));
                })
                .pool(PoolConfig.builder().minIdle(1).build())
                .build());

        awaitSoon("connected", () -> {
            clocked.advance(Duration.ofMillis(500));
            return client.poolStats().open() == 1;
        });

        assertEquals(3, asked.get());
    }

    @Test
    void fewerPermitsThanIdleOnesWantedAreNotHandedAround() throws Exception {
        TcpServer a = named(Protocol.lengthPrefixed(), 0, "a");
        TcpServer b = named(Protocol.lengthPrefixed(), 0, "b");
        TcpServer c = named(Protocol.lengthPrefixed(), 0, "c");
        TcpClient client = leaks.watch(to(Protocol.lengthPrefixed(), a.port(), b.port(), c.port())
                .pool(PoolConfig.builder().maxConnections(2).minIdle(1).build())
                .build());
        awaitSoon("connected", () -> client.poolStats().open() == 2);

        for (int i = 0; i < 50; i++) {
            ask(client, "who?");
        }

        assertEquals(0, client.poolStats().evictedForAnother());
        assertEquals(2, client.stats().opened());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneConnectionForTwoEndpointsStaysWhereItIs(boolean exclusive) throws Exception {
        TcpServer a = named(protocol(exclusive), 0, "a");
        TcpServer b = named(protocol(exclusive), 0, "b");
        TcpClient client = leaks.watch(to(protocol(exclusive), a.port(), b.port())
                .pool(Clients.ONE_CONNECTION)
                .build());

        for (int i = 0; i < 50; i++) {
            assertEquals("a", ask(client, "who?"));
        }
        a.close();
        assertEquals("b", ask(client, "who?"));
        assertEquals(2, client.stats().opened());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endpointThatComesBackIsUsedByWhoAsksOneAfterTheOther(boolean exclusive) throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = dead();
        TcpServer live = named(protocol(exclusive), 0, "live");
        TcpClient client = leaks.watch(to(protocol(exclusive), down.port(), live.port())
                .group(clocked.group())
                .backoff(Backoff.defaults().jitter(0))
                .build());
        for (int i = 0; i < 10; i++) {
            assertEquals("live", ask(client, "who?"));
        }
        down.close();
        named(protocol(exclusive), down.port(), "back");

        clocked.advance(SECOND);

        awaitSoon("it is used", () -> ask(client, "who?").equals("back"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @EnabledOnOs(OS.LINUX)
    void singlePermitIsNotHeldByAnAttemptThatGetsNowhere(boolean exclusive) throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpServer live = named(protocol(exclusive), 0, "live");
        TcpClient client = leaks.watch(to(protocol(exclusive), full.port(), live.port())
                .pool(Clients.ONE_CONNECTION.toBuilder()
                        .attemptDelay(Duration.ofMillis(100))
                        .build())
                .build());

        for (int i = 0; i < 10; i++) {
            assertEquals("live", Clients.text(client.call(bytes("who?"), Duration.ofSeconds(3))));
        }
        assertTrue(client.poolStats().open() <= 1);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void permitsOfAttemptsThatGetNowhereGoToTheEndpointThatAnswers() throws Exception {
        int permits = 4;
        FullBacklog full = leaks.close(FullBacklog.create());
        Queue<Session> asking = new ConcurrentLinkedQueue<>();
        TcpServer live = leaks.watch(TcpServer.builder()
                .protocol(Protocol.seed())
                .onMessage((session, message) -> asking.add(session))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(to(Protocol.seed(), full.port(), live.port())
                .pool(PoolConfig.builder()
                        .maxConnections(permits)
                        .attemptDelay(Duration.ofMillis(50))
                        .build())
                .build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
        for (int i = 0; i < permits; i++) {
            replies.add(client.request(new byte[1], LONG));
        }

        awaitSoon("all are asked", () -> asking.size() == permits);
        asking.forEach(session -> session.send(new byte[1]));
        for (CompletableFuture<ByteBuffer> reply : replies) {
            reply.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void sourceThatFailsLaterDoesNotFailRequestsThatWaitForAnAttempt() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = dead();
        AtomicInteger asked = new AtomicInteger();
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(Protocol.lengthPrefixed())
                .endpoints(() -> {
                    if (asked.incrementAndGet() > 1) {
                        throw new IOException("the registry is down, too");
                    }
                    return List.of(Endpoint.of("127.0.0.1", down.port()));
                })
                .backoff(Backoff.defaults().jitter(0))
                .build());
        failureOf(client.request(new byte[1], LONG));
        down.close();
        named(Protocol.lengthPrefixed(), down.port(), "here");
        CompletableFuture<ByteBuffer> reply = client.request(bytes("where?"), LONG);
        assertFalse(reply.isDone());

        clocked.advance(SECOND);

        assertEquals("here", Clients.text(reply));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void failureOfAnEndpointThatWasRemovedIsToldToNobody() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        FullBacklog full = leaks.close(FullBacklog.create());
        DeadPort down = dead();
        AtomicReference<List<Endpoint>> known = new AtomicReference<>(
                List.of(Endpoint.of("127.0.0.1", full.port()), Endpoint.of("127.0.0.1", down.port())));
        AtomicInteger asked = new AtomicInteger();
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(Protocol.lengthPrefixed())
                .endpoints(() -> {
                    asked.incrementAndGet();
                    return known.get();
                })
                .connectTimeout(Duration.ofSeconds(3))
                .backoff(Backoff.defaults()
                        .delays(Duration.ofSeconds(5), Duration.ofSeconds(5))
                        .jitter(0))
                .whileDown(WhileDown.FAIL)
                .build());
        CompletableFuture<ByteBuffer> reply = client.request(bytes("where?"), Duration.ofSeconds(30));
        awaitSoon("connecting", () -> client.poolStats().opening() == 1);
        known.set(List.of(Endpoint.of("127.0.0.1", down.port())));
        // the second one is tried beside the first, fails, and has the source asked again
        clocked.advance(SECOND);
        awaitSoon("asked again", () -> client.endpoints().size() == 1);

        clocked.advance(Duration.ofSeconds(3));

        ConnectFailedException failure = assertInstanceOf(ConnectFailedException.class, failureOf(reply));
        assertEquals(ConnectFailedException.Kind.REFUSED, failure.kind(), failure.getMessage());
    }

    @Test
    void reconnectTriesAtOnceWhatHasFailed() throws Exception {
        DeadPort down = dead();
        TcpClient client = leaks.watch(
                to(Protocol.lengthPrefixed(), down.port()).backoff(ONCE).build());
        failureOf(client.request(new byte[1], LONG));
        awaitSoon("backing off", () -> client.state() == ClientState.BACKING_OFF);
        down.close();
        named(Protocol.lengthPrefixed(), down.port(), "here");

        client.reconnect();

        awaitSoon("connected", () -> client.state() == ClientState.READY);
    }
}
