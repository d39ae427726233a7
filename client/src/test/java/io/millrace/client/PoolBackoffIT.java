package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** P06 and P07: when attempts are made while a server is down, by a clock that the test moves. */
@Tag("engine")
class PoolBackoffIT {
    private static final Duration LITTLE = Duration.ofMillis(30);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void attemptsFollowTheBackOffForAMinuteAndLookTheNameUpEachTime() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        DeadPort down = leaks.close(new DeadPort());
        AtomicInteger lookups = new AtomicInteger();
        TcpClient client = leaks.watch(TcpClient.builder()
                .group(clocked.group())
                .protocol(Protocol.lengthPrefixed())
                .endpoint("server.example", down.port())
                .nameResolver(host -> {
                    lookups.incrementAndGet();
                    return List.of(InetAddress.getByName("127.0.0.1"));
                })
                .backoff(Backoff.defaults()
                        .delays(Duration.ofSeconds(1), Duration.ofSeconds(120))
                        .factor(1.6)
                        .jitter(0))
                .whileDown(WhileDown.WAIT)
                .jmx(false)
                .build());
        CompletableFuture<ByteBuffer> reply = client.request(new byte[1], Duration.ofMinutes(5));

        double delaySeconds = 1;
        double downSeconds = 0;
        int attempts = 0;
        while (downSeconds < 60) {
            attempts++;
            awaitFailures(client, attempts);
            assertEquals(attempts, lookups.get());
            Duration delay = Duration.ofNanos((long) (delaySeconds * 1e9));
            clocked.advance(delay.minus(LITTLE));
            assertEquals(ClientState.BACKING_OFF, client.state());
            assertEquals(attempts, lookups.get(), "not early");
            clocked.advance(LITTLE.plus(LITTLE));
            downSeconds += delaySeconds;
            delaySeconds *= 1.6;
        }
        awaitFailures(client, attempts + 1);
        assertEquals(8, attempts);

        down.close();
        TcpServer server = leaks.watch(Clients.echo(down.port()));
        clocked.advance(Duration.ofNanos((long) (delaySeconds * 1e9)).plus(LITTLE));
        reply.get(10, TimeUnit.SECONDS);
        server.closeNow();
        DeadPort downAgain = leaks.close(new DeadPort(down.port()));
        awaitSoon("lost", () -> client.poolStats().open() == 0);
        clocked.advance(Duration.ofSeconds(2));
        CompletableFuture<ByteBuffer> again = client.request(new byte[1], Duration.ofMinutes(5));
        awaitFailures(client, attempts + 2);
        EndpointStats stats = client.endpoints().get(0);
        assertEquals(1, stats.failuresInARow());
        assertEquals(1, stats.retryIn().toSeconds());
        downAgain.close();
        leaks.watch(Clients.echo(down.port()));
        clocked.advance(Duration.ofSeconds(1).plus(LITTLE));
        again.get(10, TimeUnit.SECONDS);
    }

    private static void awaitFailures(TcpClient client, int count) {
        awaitSoon(
                count + " failures",
                () -> client.endpoints().get(0).failed() == count
                        && client.poolStats().opening() == 0);
    }

    @Test
    void serverThatHangsUpAtOnceIsNotConnectedToWithoutAPause() throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        RawServer server = leaks.close(RawServer.start());
        AtomicInteger accepted = new AtomicInteger();
        Thread hangingUp = new Thread(() -> hangUp(server, accepted), "hanging-up");
        hangingUp.start();
        int idle = 4;
        TcpClient client = leaks.watch(Clients.to(server.port())
                .group(clocked.group())
                .pool(PoolConfig.builder().minIdle(idle).build())
                .backoff(Backoff.defaults().jitter(0))
                .whileDown(WhileDown.WAIT)
                .jmx(false)
                .build());

        // After 0.1, 0.3, 0.7, 1.5, 3.1 and 6.3 s one connection is tried, and the others once that is there.
        for (int i = 0; i < 100; i++) {
            awaitSoon(
                    "attempts are over",
                    () -> client.poolStats().opening() == 0
                            && client.poolStats().open() == 0
                            && client.sessionCount() == 0);
            clocked.advance(Duration.ofMillis(100));
        }

        assertTrue(accepted.get() >= 7 && accepted.get() <= 8 * idle, accepted + " connections in ten seconds");
        client.close();
        server.close();
        hangingUp.join(TimeUnit.SECONDS.toMillis(20));
    }

    private static void hangUp(RawServer server, AtomicInteger accepted) {
        try {
            while (true) {
                server.accept().close();
                accepted.incrementAndGet();
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    @Test
    void fiftyClientsOfAServerThatRestartsDoNotComeBackTogether() throws Exception {
        disperse(50);
    }

    @Test
    @Tag("heavy")
    @Timeout(300)
    void fiveHundredClientsOfAServerThatRestartsDoNotComeBackTogether() throws Exception {
        disperse(500);
    }

    private void disperse(int count) throws Exception {
        ClockedGroup clocked = ClockedGroup.start(leaks);
        TcpServer server = leaks.watch(Clients.echo());
        int port = server.port();
        // by the clock, in steps of 20 ms
        Map<Long, AtomicInteger> attempts = new ConcurrentHashMap<>();
        AtomicInteger all = new AtomicInteger();
        long startNanos = clocked.nanoTime();
        List<TcpClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(leaks.watch(TcpClient.builder()
                    .group(clocked.group())
                    .protocol(Protocol.lengthPrefixed())
                    .endpoint("server" + i + ".example", port)
                    .nameResolver(host -> {
                        long step = (clocked.nanoTime() - startNanos) / TimeUnit.MILLISECONDS.toNanos(20);
                        attempts.computeIfAbsent(step, first -> new AtomicInteger())
                                .incrementAndGet();
                        all.incrementAndGet();
                        return List.of(InetAddress.getByName("127.0.0.1"));
                    })
                    .pool(PoolConfig.builder().minIdle(1).maxConnections(1).build())
                    .jmx(false)
                    .build()));
        }
        awaitSoon("connected", () -> isConnected(clients));
        // so that they have lasted, and the loss is no failure
        clocked.advance(Duration.ofSeconds(2));
        server.closeNow();
        DeadPort down = leaks.close(new DeadPort(port));
        awaitSoon("each has failed once", () -> clients.stream()
                .allMatch(client -> client.endpoints().get(0).failed() == 1));
        attempts.clear();
        all.set(0);
        for (int i = 0; i < 100; i++) {
            clocked.advance(Duration.ofMillis(20));
            awaitSoon("attempts are over", () -> clients.stream()
                    .allMatch(client -> client.poolStats().opening() == 0));
        }

        int most = attempts.values().stream().mapToInt(AtomicInteger::get).max().orElse(0);
        assertTrue(attempts.size() > 20 && most < count / 2 + 5, new TreeMap<>(attempts).toString());
        assertTrue(all.get() < count * 20, all + " attempts of " + count + " in two seconds");
        down.close();
        leaks.watch(Clients.echo(port));
        int seconds = 0;
        while (!isConnected(clients) && seconds < 30) {
            seconds++;
            clocked.advance(Duration.ofSeconds(1));
            awaitSoon("attempts are over", () -> clients.stream()
                    .allMatch(client -> client.poolStats().opening() == 0));
        }
        assertTrue(isConnected(clients), "all are back within the longest delay");
        for (TcpClient client : clients) {
            assertEquals("back", ask(client, "back"));
        }
    }

    private static boolean isConnected(List<TcpClient> clients) {
        return clients.stream().allMatch(client -> client.poolStats().open() == 1);
    }
}
