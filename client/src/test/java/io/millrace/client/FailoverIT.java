package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointState;
import io.millrace.client.endpoint.EndpointStats;
import io.millrace.client.pool.PoolConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several endpoints, of which some are dead, swallow connections, or never answer, and come back. */
@Tag("engine")
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs backlogs that drop")
class FailoverIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final int CALLS = 60;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static Protocol protocol(boolean exclusive) {
        return exclusive ? Protocol.seed() : Protocol.millrace();
    }

    /** A server that says who it is. */
    private TcpServer named(boolean exclusive, int port, String name) throws TransportException {
        var builder = TcpServer.builder().protocol(protocol(exclusive)).jmx(false);
        if (exclusive) {
            builder.onMessage((session, message) -> session.send(bytes(name)));
        } else {
            builder.onRequest((session, request, reply) -> reply.send(ByteBuffer.wrap(bytes(name))));
        }
        return leaks.watch(builder.bind("127.0.0.1", port));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneLiveEndpointAnswersAllInTimeAndTheOthersAreAskedWhenTheyComeBack(boolean exclusive) throws Exception {
        DeadPort dead = leaks.close(new DeadPort());
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpServer live = named(exclusive, 0, "live");
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(protocol(exclusive))
                .endpoints(
                        Endpoint.of("127.0.0.1", dead.port()),
                        Endpoint.of("127.0.0.1", full.port()),
                        Endpoint.of("127.0.0.1", live.port()))
                .connectTimeout(Duration.ofSeconds(10))
                .backoff(Backoff.defaults().delays(Duration.ofMillis(50), Duration.ofMillis(200)))
                .jmx(false)
                .build());

        for (int i = 0; i < CALLS; i++) {
            assertEquals("live", Clients.text(client.call(bytes("who?"), TIMEOUT)));
        }
        List<CompletableFuture<ByteBuffer>> together = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            together.add(client.request(bytes("who?"), TIMEOUT));
        }
        for (CompletableFuture<ByteBuffer> reply : together) {
            assertEquals("live", Clients.text(reply));
        }
        EndpointStats refusing = client.endpoints().get(0);
        assertTrue(refusing.failed() > 0 && refusing.failed() < 20, refusing.toString());
        EndpointStats swallowing = client.endpoints().get(1);
        assertEquals(0, swallowing.opened(), swallowing.toString());
        assertTrue(swallowing.opening() <= (exclusive ? 16 : 1), swallowing.toString());

        dead.close();
        named(exclusive, dead.port(), "was dead");
        full.close();
        named(exclusive, full.port(), "was full");
        Set<String> heard = new TreeSet<>();
        awaitSoon("all three are asked", () -> {
            heard.add(ask(client, "who?"));
            return heard.size() == 3;
        });
        for (EndpointStats endpoint : client.endpoints()) {
            assertEquals(EndpointState.AVAILABLE, endpoint.state(), endpoint.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyCallersAtOnceGetThroughThoughMostEndpointsAreDead(boolean exclusive) throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        DeadPort dead = leaks.close(new DeadPort());
        TcpServer live = named(exclusive, 0, "live");
        for (int first = 0; first < 3; first++) {
            List<Endpoint> endpoints = new ArrayList<>(List.of(
                    Endpoint.of("127.0.0.1", full.port()),
                    Endpoint.of("127.0.0.1", dead.port()),
                    Endpoint.of("127.0.0.1", live.port())));
            Collections.rotate(endpoints, first);
            TcpClient client = leaks.watch(TcpClient.builder()
                    .protocol(protocol(exclusive))
                    .endpoints(endpoints.toArray(Endpoint[]::new))
                    .pool(PoolConfig.builder()
                            .attemptDelay(Duration.ofMillis(100))
                            .build())
                    .jmx(false)
                    .build());
            List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                replies.add(client.request(bytes("who?"), Duration.ofSeconds(3)));
            }
            for (CompletableFuture<ByteBuffer> reply : replies) {
                assertEquals(
                        "live",
                        Clients.text(reply.orTimeout(10, TimeUnit.SECONDS)),
                        () -> client.poolStats() + " " + client.endpoints());
            }
        }
    }
}
