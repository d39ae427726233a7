package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.pool.PoolConfig;
import io.millrace.server.TcpServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class AttemptDelayIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void delayOfZeroConnectsAndHasNothingTriedBeside() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.localAddress().getPort())
                .pool(PoolConfig.builder().attemptDelay(Duration.ZERO).build())
                .build());

        assertEquals("hello", ask(client, "hello"));
        assertEquals(1, client.stats().opened());
    }

    @Test
    void delayOfZeroWaitsForTheFirstEndpointToFail() throws Exception {
        FullBacklog silent = leaks.close(FullBacklog.create());
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(1)
                .endpoints(
                        Endpoint.of("127.0.0.1", silent.port()),
                        Endpoint.of("127.0.0.1", server.localAddress().getPort()))
                .connectTimeout(Duration.ofMillis(500))
                .pool(PoolConfig.builder().attemptDelay(Duration.ZERO).build())
                .build());

        assertEquals("hello", ask(client, "hello"));
        assertEquals(1, client.stats().connectFailures(), "the first had failed before the second was tried");
    }
}
