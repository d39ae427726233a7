package io.millrace.client;

import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.EndpointState;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.ClientState;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.PoolStats;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that is killed and started again, and again, under a client that never stops asking. */
@NetworkTest
class KilledServerIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final int CONNECTIONS = 16;
    private static final int ASKERS = 3 * CONNECTIONS;
    private static final int FULL_SPEED = 200;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    @Timeout(60)
    void poolIsFullAndHealthyAfterTheServerWasKilled(Seed seed) throws Exception {
        killAndRestart(seed.value() % 2 == 0, 1, seed);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Tag("heavy")
    @Timeout(900)
    void poolIsFullAndHealthyAfterTheServerWasKilledAHundredTimes(boolean exclusive, Seed seed) throws Exception {
        killAndRestart(exclusive, 100, seed);
    }

    private void killAndRestart(boolean exclusive, int times, Seed seed) throws Exception {
        Random random = seed.random("pauses");
        ChildJvm server = leaks.close(ServerProgram.start(exclusive));
        ChildJvm next = leaks.close(ServerProgram.start(exclusive));
        int port = ServerProgram.listen(server, 0);
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(exclusive ? Protocol.seed() : Protocol.millrace())
                .endpoint("127.0.0.1", port)
                .pool(PoolConfig.builder()
                        .maxConnections(CONNECTIONS)
                        .requestsPerConnection(1)
                        .build())
                .backoff(Backoff.defaults().delays(Duration.ofMillis(20), Duration.ofMillis(500)))
                .jmx(false)
                .build());
        PoolLoad load = leaks.close(new PoolLoad(client, TIMEOUT)).start(ASKERS);
        for (int i = 0; i < times; i++) {
            load.awaitAnswered(FULL_SPEED);
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(20_000)));
            ServerProgram.kill(server);
            server = next;
            ServerProgram.listen(server, port);
            next = i + 1 < times ? leaks.close(ServerProgram.start(exclusive)) : server;
        }
        load.awaitAnswered(FULL_SPEED);
        awaitSoon("full", () -> client.poolStats().open() == CONNECTIONS);
        assertEquals(ClientState.READY, client.state());
        load.finish();

        System.out.println(load);
        assertTrue(load.failures().size() > 0, "the kills were noticed");
        PoolStats pool = client.poolStats();
        assertEquals(CONNECTIONS, pool.open(), pool.toString());
        assertEquals(CONNECTIONS, pool.idle(), pool.toString());
        assertEquals(0, pool.opening() + pool.borrowed() + pool.waiting(), pool.toString());
        EndpointStats endpoint = client.endpoints().get(0);
        assertEquals(EndpointState.AVAILABLE, endpoint.state());
        assertEquals(0, endpoint.requestsInFlight());
        assertEquals(Duration.ZERO, endpoint.retryIn());
        assertEquals(CONNECTIONS, client.sessionCount());
    }
}
