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
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pool's callers notice of connections that end or grow old, and of servers that are down or drain. */
class PoolFaultsIT {
    private static final Backoff HOURS =
            Backoff.defaults().delays(Duration.ofHours(1), Duration.ofHours(1)).jitter(0);
    private static final Backoff QUICK = Backoff.defaults().delays(Duration.ofMillis(1), Duration.ofMillis(20));

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    // --- P05

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestThatMeetsTheEndOfItsConnectionIsMadeAgainOnlyIfNothingOfItWasSent(boolean reset) throws Exception {
        meetTheEnd(60, reset);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Tag("heavy")
    @Timeout(600)
    void thousandsOfRequestsThatMeetTheEndOfTheirConnectionAreMadeAgainOnlyIfNothingOfThemWasSent(boolean reset)
            throws Exception {
        meetTheEnd(5_000, reset);
    }

    /** The server answers once and ends the connection, as the client is about to ask again. */
    private void meetTheEnd(int rounds, boolean reset) throws Exception {
        RawServer server = leaks.close(RawServer.start());
        Map<String, Integer> seen = new ConcurrentHashMap<>();
        Thread answering = new Thread(() -> answerOnceEach(server, seen, reset), "answering");
        answering.start();
        TcpClient client = leaks.watch(Clients.to(server.port())
                .pool(Clients.ONE_CONNECTION)
                .backoff(QUICK)
                .whileDown(WhileDown.WAIT)
                .retry(RetryConfig.defaults().maxAttempts(20).ratio(1))
                .jmx(false)
                .build());
        int replied = 0;
        for (int i = 0; i < rounds; i++) {
            String question = "question " + i;
            Outcome<ByteBuffer> outcome = client.exchange(ByteBuffer.wrap(bytes(question)), RequestOptions.within(LONG))
                    .get(20, TimeUnit.SECONDS);
            int times = seen.getOrDefault(question, 0);
            if (outcome.isReply()) {
                replied++;
                assertEquals(1, times, question);
            } else {
                assertTrue(outcome.maybeSent(), outcome + ": what was not sent is sent elsewhere");
                assertInstanceOf(SessionClosedException.class, outcome.failure());
                assertTrue(times <= 1, question + " was sent " + times + " times");
            }
        }
        assertTrue(replied > rounds / 4, replied + " replies");
        client.close();
        server.close();
        answering.join(TimeUnit.SECONDS.toMillis(20));
    }

    private static void answerOnceEach(RawServer server, Map<String, Integer> seen, boolean reset) {
        while (true) {
            try (RawServer.Connection connection = server.accept()) {
                String question = connection.receiveText();
                seen.merge(question, 1, Integer::sum);
                connection.send("answer");
                if (reset) {
                    connection.reset();
                }
            } catch (EOFException | SocketTimeoutException nobodyAsked) {
                continue;
            } catch (IOException closed) {
                if (closed.getMessage() != null && closed.getMessage().contains("ocket closed")) {
                    return;
                }
            }
        }
    }

    // --- P08, P16

    @Test
    void serverThatIsDownAtTheStartFailsTheFirstRequestAndIsFoundWhenItIsUp() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = leaks.close(new DeadPort());
        TcpClient client = leaks.watch(Clients.to(down.port())
                .group(clocked.group())
                .pool(PoolConfig.builder().minIdle(2).build())
                .jmx(false)
                .build());

        CompletableFuture<ByteBuffer> early = client.request(new byte[1], LONG);
        awaitSoon("told of the attempt", () -> {
            clocked.advance(Duration.ofMillis(10));
            return early.isDone();
        });
        assertInstanceOf(ConnectFailedException.class, failureOf(early));
        down.close();
        leaks.watch(Clients.echo(down.port()));
        awaitSoon("connected by itself", () -> {
            clocked.advance(Duration.ofMillis(100));
            return client.poolStats().open() == 2;
        });
        assertEquals("there", ask(client, "there"));
    }

    @Test
    void waitForAConnectionEndsAtTheAcquireTimeout() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = leaks.close(new DeadPort());
        TcpClient client = leaks.watch(Clients.to(down.port())
                .group(clocked.group())
                .whileDown(WhileDown.WAIT)
                .pool(PoolConfig.builder().acquireTimeout(Duration.ofSeconds(3)).build())
                .backoff(HOURS)
                .jmx(false)
                .build());
        CompletableFuture<ByteBuffer> reply = client.request(new byte[1], Duration.ofSeconds(30));
        awaitSoon("backing off", () -> client.state() == ClientState.BACKING_OFF);
        clocked.advance(Duration.ofMillis(2_900));
        assertFalse(reply.isDone());

        clocked.advance(Duration.ofMillis(200));

        RequestRefusedException refused = assertInstanceOf(RequestRefusedException.class, failureOf(reply));
        assertEquals(Reason.TIMED_OUT, refused.reason());
        assertTrue(refused.getMessage().contains("refused"), refused.getMessage());
        assertEquals(0, client.poolStats().waiting());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsWhileDownWaitUpToTheirLimitAndAreAnsweredWhenTheServerIsUp(boolean exclusive) throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = leaks.close(new DeadPort());
        int limit = 10;
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(exclusive ? Protocol.seed() : Protocol.lengthPrefixed())
                .endpoint("127.0.0.1", down.port())
                .group(clocked.group())
                .whileDown(WhileDown.WAIT)
                .pool(PoolConfig.builder()
                        .maxWaiting(limit - 2)
                        .maxConnections(2)
                        .build())
                .backoff(HOURS)
                .jmx(false)
                .build());
        List<CompletableFuture<ByteBuffer>> waiting = new ArrayList<>();
        waiting.add(client.request(new byte[] {1}, Duration.ofHours(3)));
        awaitSoon("backing off", () -> client.state() == ClientState.BACKING_OFF);
        for (int i = 1; i < limit; i++) {
            waiting.add(client.request(new byte[] {1}, Duration.ofHours(3)));
        }
        assertEquals(limit, client.poolStats().waiting());

        RequestRefusedException refused =
                assertInstanceOf(RequestRefusedException.class, failureOf(client.request(new byte[1], LONG)));

        assertEquals(Reason.CONNECTIONS_EXHAUSTED, refused.reason());
        waiting.remove(0).cancel(false);
        assertEquals(limit - 1, client.poolStats().waiting());
        down.close();
        leaks.watch(TcpServer.builder()
                .protocol(exclusive ? Protocol.seed() : Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", down.port()));
        clocked.advance(Duration.ofHours(1).plusSeconds(1));
        for (CompletableFuture<ByteBuffer> reply : waiting) {
            assertEquals(1, reply.get(10, TimeUnit.SECONDS).remaining());
        }
        assertEquals(0, client.poolStats().waiting());
    }

    @Test
    void requestsWhileDownFailAtOnceIfTheNextAttemptIsFar() throws Exception {
        DeadPort down = leaks.close(new DeadPort());
        TcpClient client =
                leaks.watch(Clients.to(down.port()).backoff(HOURS).jmx(false).build());
        assertInstanceOf(ConnectFailedException.class, failureOf(client.request(new byte[1], LONG)));

        for (int i = 0; i < 100; i++) {
            RequestRefusedException refused =
                    assertInstanceOf(RequestRefusedException.class, failureOf(client.request(new byte[1], LONG)));
            assertEquals(Reason.NO_CONNECTION, refused.reason());
        }

        assertEquals(0, client.poolStats().waiting());
        assertEquals(1, client.endpoints().get(0).failed());
    }

    // --- P15

    @Test
    void noticeOfDrainingMovesNewRequestsToAnotherConnectionAndLosesNoneInFlight() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(server.port())
                .protocol(Protocol.millrace())
                .backoff(QUICK)
                .jmx(false)
                .build());
        CompletableFuture<ByteBuffer> before = client.request(new byte[] {7}, LONG);
        try (RawServer.Connection draining = server.accept()) {
            long token = RawFrames.tokenOf(draining.receive());
            draining.sendBytes(RawFrames.drainNotice());
            awaitSoon("it takes no more", () -> client.poolStats().open() == 0);

            CompletableFuture<ByteBuffer> after = client.request(new byte[] {8}, LONG);

            try (RawServer.Connection replacement = server.accept()) {
                replacement.sendBytes(RawFrames.reply(RawFrames.tokenOf(replacement.receive()), (byte) 8));
                assertEquals(8, after.get(10, TimeUnit.SECONDS).get());
                assertFalse(before.isDone());
                draining.sendBytes(RawFrames.reply(token, (byte) 7));
                assertEquals(7, before.get(10, TimeUnit.SECONDS).get());
                assertEquals(1, client.poolStats().open());
                draining.close();
                awaitSoon("the old one has ended", () -> client.sessionCount() == 1);
            }
        }
    }

    @Test
    void drainOfOneOfTwoServersUnderLoadIsNoUsersError() throws Exception {
        List<TcpServer> servers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            servers.add(echoOf(0));
        }
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoints(
                        Endpoint.of("127.0.0.1", servers.get(0).port()),
                        Endpoint.of("127.0.0.1", servers.get(1).port()))
                .pool(PoolConfig.builder().requestsPerConnection(2).build())
                .retry(RetryConfig.defaults().ratio(1))
                .jmx(false)
                .build());
        PoolLoad load =
                leaks.close(new PoolLoad(client, LONG, PoolLoad.RETRIED_FORMS)).start(24);
        for (int i = 0; i < 6; i++) {
            load.awaitAnswered(100);
            TcpServer leaving = servers.get(i % 2);
            int port = leaving.port();
            assertEquals(
                    0,
                    leaving.drain(Duration.ofSeconds(5))
                            .get(10, TimeUnit.SECONDS)
                            .cut());
            servers.set(i % 2, echoOf(port));
        }
        load.awaitAnswered(100);
        load.finish();

        assertEquals(Set.of(), load.failures().keySet(), load::toString);
    }

    private TcpServer echoOf(int port) throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> reply.send(request))
                .jmx(false)
                .bind("127.0.0.1", port));
    }

    // --- P13

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ageAndIdlenessEndConnectionsUnderLoadAndNoRequestNotices(boolean exclusive) throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        Protocol protocol = exclusive ? Protocol.seed() : Protocol.millrace();
        TcpServer server = exclusive
                ? leaks.watch(TcpServer.builder()
                        .protocol(Protocol.seed())
                        .onMessage((session, message) -> session.send(message))
                        .bind("127.0.0.1", 0))
                : echoOf(0);
        Map<Long, Integer> ends = new ConcurrentHashMap<>();
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(protocol)
                .endpoint("127.0.0.1", server.port())
                .onClose((session, reason) ->
                        ends.merge(TimeUnit.NANOSECONDS.toSeconds(clocked.nanoTime()), 1, Integer::sum))
                .sessions(SessionConfig.builder().maxAge(Duration.ofSeconds(60)).build())
                .pool(PoolConfig.builder()
                        .requestsPerConnection(1)
                        .idleTimeout(Duration.ofSeconds(2))
                        .build())
                .backoff(QUICK)
                .jmx(false)
                .build());
        PoolLoad load = leaks.close(new PoolLoad(client, Duration.ofMinutes(60), List.of(0, 1, 2, 3)));
        load.start(32);
        for (int i = 0; i < 150; i++) {
            clocked.advance(Duration.ofSeconds(1));
            load.awaitAnswered(3);
        }
        load.finish();

        assertEquals(Set.of(), load.failures().keySet(), load::toString);
        long ended = ends.values().stream().mapToInt(Integer::intValue).sum();
        int most = ends.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        assertTrue(ended >= 16, ends.toString());
        assertTrue(most <= ended / 2, "they end one by one: " + ends);
    }
}
